#include "matrix.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include "memory.hpp"

namespace vmk::emulator {

namespace {

constexpr int kLanes = 32, kMostThreads = 1024;

// ---- asynchronous copies ----

struct Copy {
  void* to;
  const void* from;
  int bytes, there;
};

struct Copies {
  uint32_t block = 0;
  std::deque<std::vector<Copy>> groups;  // committed
  std::vector<Copy> open;
};
std::array<Copies, kMostThreads> copies;

// Those of the thread that runs; what an earlier block left behind is dropped.
Copies& own_copies() {
  Copies& own = copies[static_cast<size_t>(now.thread)];
  if (own.block != now.block) own = Copies{now.block, {}, {}};
  return own;
}

void finish(const Copy& copy) {
  check_access(copy.to, static_cast<size_t>(copy.bytes), Access::kWrite);
  std::memset(copy.to, 0, static_cast<size_t>(copy.bytes));
  std::memcpy(copy.to, copy.from, static_cast<size_t>(copy.there));
}

}  // namespace

void copy_async(void* to, const void* from, int bytes, int there) {
  const Outside outside;
  if (there > 0) check_access(from, static_cast<size_t>(there), Access::kRead);
  check_access(to, static_cast<size_t>(bytes), Access::kWrite);
  std::memset(to, 0xff, static_cast<size_t>(bytes));
  own_copies().open.push_back({to, from, bytes, there});
}

void commit_copies() {
  const Outside outside;
  Copies& own = own_copies();
  own.groups.push_back(std::move(own.open));
  own.open.clear();
}

void wait_copies(int left) {
  const Outside outside;
  Copies& own = own_copies();
  for (; own.groups.size() > static_cast<size_t>(left); own.groups.pop_front())
    for (const Copy& copy : own.groups.front()) finish(copy);
}

// ---- loads of matrices ----

namespace {

struct Load : Collective {
  uint32_t* to;
  const void* row;
};

uint32_t element(Collective* const* lanes, int matrix, int row, int column) {
  uint16_t bits;
  std::memcpy(&bits, static_cast<const char*>(static_cast<Load*>(lanes[matrix * 8 + row])->row) +
                         column * 2, 2);
  return bits;
}

// Lane l gets elements (l / 4, l % 4 * 2) and the one to its right of each matrix.
template <bool kTransposed>
void apply_load(Collective* const* lanes) {
  for (int l = 0; l < kLanes; ++l)
    for (int i = 0; i < 4; ++i) {
      const int row = l / 4, column = l % 4 * 2;
      const uint32_t low = kTransposed ? element(lanes, i, column, row)
                                       : element(lanes, i, row, column);
      const uint32_t high = kTransposed ? element(lanes, i, column + 1, row)
                                        : element(lanes, i, row, column + 1);
      static_cast<Load*>(lanes[l])->to[i] = low | high << 16;
    }
}

}  // namespace

void load_matrices(uint32_t (&to)[4], const void* row, bool transposed, Site site) {
  checking = false;
  check_access(row, 16, Access::kRead);
  checking = true;
  Load load{{transposed ? apply_load<true> : apply_load<false>}, to, row};
  run_collective(load, site);
}

// ---- products ----

float value_of(uint16_t bits, Product product) {
  if (product == Product::kBf16) return std::bit_cast<float>(uint32_t{bits} << 16);
  // Each value is converted once: without an instruction for it, that takes long.
  static const std::vector<float> values = [] {
    std::vector<float> all(1 << 16);
    for (size_t i = 0; i < all.size(); ++i)
      all[i] = static_cast<float>(std::bit_cast<_Float16>(static_cast<uint16_t>(i)));
    return all;
  }();
  return values[bits];
}

namespace {

struct Multiply : Collective {
  float* sum;
  const uint32_t *a, *b;
};

// Operand element `k` of the row or column that a lane's group (lane / 4) stands for: 16-bit
// elements lie in pairs, lane % 4 of a group holds elements 2 * (lane % 4) and the next.
template <Product kProduct>
float operand(Collective* const* lanes, int group, int k, const uint32_t* Multiply::*array,
              int upper) {
  const auto lane_of = [&](int l) { return static_cast<Multiply*>(lanes[group * 4 + l]); };
  if constexpr (kProduct == Product::kTf32) {
    return std::bit_cast<float>((lane_of(k % 4)->*array)[upper + k / 4 * (array == &Multiply::a ? 2 : 1)]);
  } else {
    const uint32_t pair =
        (lane_of(k % 8 / 2)->*array)[upper + k / 8 * (array == &Multiply::a ? 2 : 1)];
    return value_of(static_cast<uint16_t>(k % 2 ? pair >> 16 : pair), kProduct);
  }
}

template <Product kProduct>
void apply_multiply(Collective* const* lanes) {
  constexpr int kDepth = kProduct == Product::kTf32 ? 8 : 16;
  float a[16][kDepth], b[8][kDepth];
  for (int k = 0; k < kDepth; ++k) {
    for (int r = 0; r < 16; ++r) a[r][k] = operand<kProduct>(lanes, r % 8, k, &Multiply::a, r / 8);
    for (int c = 0; c < 8; ++c) b[c][k] = operand<kProduct>(lanes, c, k, &Multiply::b, 0);
  }
  for (int l = 0; l < kLanes; ++l)
    for (int i = 0; i < 4; ++i) {
      const int row = l / 4 + i / 2 * 8, column = l % 4 * 2 + i % 2;
      float& sum = static_cast<Multiply*>(lanes[l])->sum[i];
      for (int k = 0; k < kDepth; ++k) sum += a[row][k] * b[column][k];
    }
}

}  // namespace

void multiply(float (&sum)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], Product product,
              Site site) {
  static constexpr void (*kApply[])(Collective* const*) = {
      apply_multiply<Product::kF16>, apply_multiply<Product::kBf16>,
      apply_multiply<Product::kTf32>};
  Multiply operands{{kApply[static_cast<int>(product)]}, sum, a, b};
  run_collective(operands, site);
}

}  // namespace vmk::emulator
