#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "clocks.hpp"
#include "memory.hpp"
#include "site.hpp"
#include "warpgroup.hpp"

namespace vmk::emulator {

namespace {

constexpr int kWarp = 32, kGroup = 128, kMostThreads = 1024, kGroups = kMostThreads / kGroup;
constexpr int kRows = 64, kMostColumns = 256, kDepth = 16;  // of a product
constexpr uintptr_t kVector = 16;        // bytes that stay together in every layout
constexpr uint32_t kSharedStart = 1024;  // a device keeps what is before it for itself

// A matrix in shared memory as a descriptor gives it: rows (of a, or columns of b) whose kDepth
// elements lie side by side.
class Operand {
 public:
  Operand(uint64_t descriptor, const Site& site)
      : start_(field(descriptor, 0)), leading_(field(descriptor, 16)),
        stride_(field(descriptor, 32)), mode_(static_cast<int>(descriptor >> 62)) {
    constexpr uint64_t kKnown = 0xc000'3fff'3fff'3fff;  // without a base offset
    if (descriptor & ~kKnown)
      stop_launch("%s: the descriptor %016llx sets bits that the emulator does not know",
                  where(site).c_str(), static_cast<unsigned long long>(descriptor));
    const uint32_t pattern = pattern_bytes();
    if (mode_ != 0 && ((start_ & (pattern - 1)) >= row_bytes() || stride_ % pattern != 0))
      stop_launch("%s: an operand at %u whose swizzled pattern does not begin at a multiple of %u "
                  "bytes", where(site).c_str(), start_, pattern);
  }

  // The 16 bytes that hold elements [8 half, 8 half + 8) of a row.
  const unsigned char* vector(int row, int half) const {
    const auto r = static_cast<uint32_t>(row), h = static_cast<uint32_t>(half);
    uint32_t address = start_ + r / 8 * stride_ + r % 8 * row_bytes() +
                       h * (mode_ == 0 ? leading_ : uint32_t{kVector});
    address ^= (address >> 7 & (row_bytes() / kVector - 1)) << 4;  // the swizzle; none in mode 0
    return static_cast<const unsigned char*>(dynamic_shared()) + address - kSharedStart;
  }

 private:
  // 14 bits that count 16 bytes.
  static uint32_t field(uint64_t descriptor, int bit) {
    return static_cast<uint32_t>(descriptor >> bit & 0x3fff) << 4;
  }
  // 16 bytes without a swizzle; 128, 64, 32 with it.
  uint32_t row_bytes() const { return mode_ == 0 ? uint32_t{kVector} : 256u >> mode_; }
  uint32_t pattern_bytes() const { return 8 * row_bytes(); }

  uint32_t start_, leading_, stride_;
  int mode_;
};

// What all threads of a warpgroup must agree on.
struct Call {
  uint64_t rows, weight;
  int columns;
  Product product;
  bool operator==(const Call&) const = default;
};

struct Pending {
  float* sum;
  Site site;
};

// The operands of a product, read when the first thread waits for it: none is overwritten before
// the last has (check_products).
struct Values {
  float rows[kRows][kDepth], weight[kMostColumns][kDepth];
  int waiting = kGroup;  // threads
};

struct ThreadProducts {
  bool begun = false;
  uint32_t issued = 0, finished = 0;
  std::vector<Pending> open;
  std::deque<std::vector<Pending>> groups;  // committed
};

// Of one block.
struct Products {
  uint32_t block = 0;
  std::vector<ThreadProducts> threads;
  std::array<std::vector<Call>, kGroups> calls;            // by warpgroup
  std::array<std::map<uint32_t, Values>, kGroups> values;  // by warpgroup and product
  // By vector of the dynamic shared memory: of each warpgroup, its last product that reads there,
  // counted from 1.
  std::vector<std::array<uint32_t, kGroups>> readers;
  std::array<int, kMostThreads / kWarp> registers{};  // of a thread of each warp, once set
};
Products products;

bool are_there() { return products.block == now.block; }

Products& own_products() {
  if (are_there()) return products;
  const dim3& size = position.block_size;
  products = Products{};
  products.block = now.block;
  products.threads.resize(size.x * size.y * size.z);
  return products;
}

ThreadProducts& own() { return own_products().threads[static_cast<size_t>(now.thread)]; }

size_t warpgroup() { return static_cast<size_t>(now.thread) / kGroup; }

size_t vector_index(const void* at) {
  return static_cast<size_t>(static_cast<const unsigned char*>(at) -
                             static_cast<const unsigned char*>(dynamic_shared())) / kVector;
}

// Notes that product number `serial` of the warpgroup reads rows [first, last) from now on.
void read_operand(const Operand& operand, int first, int last, uint32_t serial) {
  for (int row = first; row < last; ++row)
    for (int half = 0; half < 2; ++half) {
      const unsigned char* at = operand.vector(row, half);
      check_published(at, kVector, Access::kRead);
      const size_t index = vector_index(at);
      if (index >= products.readers.size()) products.readers.resize(index + 1);
      products.readers[index][warpgroup()] = serial;
    }
}

void read_values(const Operand& operand, int rows, Product product, float (*to)[kDepth]) {
  for (int row = 0; row < rows; ++row)
    for (int half = 0; half < 2; ++half) {
      uint16_t bits[8];
      std::memcpy(bits, operand.vector(row, half), sizeof bits);
      for (int i = 0; i < 8; ++i) to[row][half * 8 + i] = value_of(bits[i], product);
    }
}

float dot(const float (&a)[kDepth], const float (&b)[kDepth]) {
  float sums[4] = {};
  for (int k = 0; k < kDepth; k += 4)
    for (int i = 0; i < 4; ++i) sums[i] += a[k + i] * b[k + i];
  return sums[0] + sums[1] + sums[2] + sums[3];
}

// This thread's sums of a product: rows 16 warp + lane / 4 and 8 below, columns 2 (lane % 4) and
// the next of every eight.
void finish(const Pending& pending, uint32_t serial) {
  const Call& call = products.calls[warpgroup()][serial];
  const auto [found, first] = products.values[warpgroup()].try_emplace(serial);
  Values& values = found->second;
  if (first) {
    read_values(Operand(call.rows, pending.site), kRows, call.product, values.rows);
    read_values(Operand(call.weight, pending.site), call.columns, call.product, values.weight);
  }
  const int row = now.thread % kGroup / kWarp * 16 + lane() / 4;
  for (int i = 0; i < call.columns / 2; ++i) {
    const int column = i / 4 * 8 + lane() % 4 * 2 + i % 2;
    pending.sum[i] += dot(values.rows[row + i / 2 % 2 * 8], values.weight[column]);
  }
  if (--values.waiting == 0) products.values[warpgroup()].erase(found);
}

}  // namespace

uint32_t shared_address(const void* at) {
  return static_cast<uint32_t>(static_cast<const unsigned char*>(at) -
                               static_cast<const unsigned char*>(dynamic_shared())) +
         kSharedStart;
}

void begin_products() {
  const Outside outside;
  own().begun = true;
}

void multiply_group(float* sum, int columns, uint64_t rows, uint64_t weight, Product product,
                    Site site) {
  const Outside outside;
  ThreadProducts& thread = own();
  if (!thread.begun) stop_launch("%s: a product before wgmma.fence", where(site).c_str());
  const Call call{rows, weight, columns, product};
  std::vector<Call>& calls = products.calls[warpgroup()];
  if (calls.size() == thread.issued) calls.push_back(call);
  if (!(calls[thread.issued] == call))
    stop_launch("%s: the warps of a warpgroup multiply different operands", where(site).c_str());
  ++thread.issued;
  thread.open.push_back({sum, site});
  if (lane() > 0 || !now.thorough) return;
  const int warp = now.thread % kGroup / kWarp;
  read_operand(Operand(rows, site), warp * 16, warp * 16 + 16, thread.issued);
  read_operand(Operand(weight, site), 0, columns, thread.issued);
}

void commit_products() {
  const Outside outside;
  own().groups.push_back(std::exchange(own().open, {}));
}

void wait_products(int left) {
  const Outside outside;
  ThreadProducts& thread = own();
  for (; thread.groups.size() > static_cast<size_t>(left); thread.groups.pop_front()) {
    for (const Pending& pending : thread.groups.front()) finish(pending, thread.finished++);
  }
  own_clock().products[static_cast<size_t>(now.warp)] = thread.finished;
}

void check_products(const void* to, size_t bytes) {
  if (!are_there()) return;
  const size_t last = vector_index(static_cast<const unsigned char*>(to) + bytes - 1);
  for (size_t i = vector_index(to); i <= last && i < products.readers.size(); ++i)
    for (size_t group = 0; group < kGroups; ++group)
      for (size_t w = 0; products.readers[i][group] > 0 && w < kGroup / kWarp; ++w)
        if (own_clock().products[group * (kGroup / kWarp) + w] < products.readers[i][group])
          stop_launch("writes %zu bytes of shared memory that a product of warp %zu may still read",
                      bytes, group * (kGroup / kWarp) + w);
}

void set_registers(int count, Site site) {
  const Outside outside;
  constexpr int kRegisters = 65536, kStep = 8, kLeast = 24, kMost = 256, kMostLaunched = 248;
  const dim3& size = position.block_size;
  const auto warps = (size.x * size.y * size.z + kWarp - 1) / kWarp;
  const int launched =
      std::min(kRegisters / static_cast<int>(warps * kWarp) / kStep * kStep, kMostLaunched);
  std::array<int, kMostThreads / kWarp>& set = own_products().registers;
  set[static_cast<size_t>(now.warp)] = count;
  int all = 0;
  for (size_t w = 0; w < warps; ++w) all += std::max(set[w], kLeast);
  if (count % kStep != 0 || count < kLeast || count > kMost ||
      all > launched * static_cast<int>(warps))
    stop_launch("%s: %d registers a thread are more than the block has left, or no multiple of %d "
                "from %d to %d", where(site).c_str(), count, kStep, kLeast, kMost);
}

}  // namespace vmk::emulator
