// Every tile product of the emulated library, through a map (whole, cut into parts and pieces) and
// by lists, against plain loops: the choice of tiles by size must not leave one untried.
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "conv_tiles.hpp"

namespace {

using namespace vmk;

constexpr int64_t kInputs = 31, kOutputs = 139, kOffsets = 7;
constexpr int kCin = 72, kColumns = 104;  // no multiple of any tile

int failures = 0;
std::mt19937 random_bits(1);

int64_t below(int64_t n) { return std::uniform_int_distribution<int64_t>(0, n - 1)(random_bits); }

template <class T>
T* upload(CudaDevice& device, const std::vector<T>& values) {
  const auto bytes = static_cast<int64_t>(values.size() * sizeof(T));
  void* data = device.alloc(bytes);
  device.upload(data, values.data(), bytes);
  return static_cast<T*>(data);
}

// Eighths below 2 in magnitude: every type holds them, and sums of their products are exact.
std::vector<float> eighths(int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(below(31) - 15) / 8;
  return values;
}

void* upload_as(CudaDevice& device, vmk_dtype dtype, const std::vector<float>& values) {
  void* data = nullptr;
  with_element(dtype, [&](auto element) {
    std::vector<decltype(element)> narrow(values.size());
    for (size_t i = 0; i < values.size(); ++i) from_float(values[i], narrow[i]);
    data = upload(device, narrow);
  });
  return data;
}

struct Problem {
  std::vector<float> feats = eighths(kInputs * kCin), weight = eighths(kOffsets * kCin * kColumns);
  std::vector<int32_t> map = std::vector<int32_t>(kOffsets * kOutputs, -1);
  std::vector<int32_t> pairs;
  std::vector<int64_t> starts{0};
  std::vector<float> sums = std::vector<float>(kOutputs * kColumns);

  Problem() {
    std::vector<int32_t> outputs;
    for (int64_t k = 0; k < kOffsets; ++k) {
      for (int64_t m = 0; m < kOutputs; ++m) {
        if (k == 3 || below(3) == 0) continue;  // an offset without pairs
        const auto row = static_cast<int32_t>(below(kInputs));
        map[static_cast<size_t>(k * kOutputs + m)] = row;
        pairs.push_back(row);
        outputs.push_back(static_cast<int32_t>(m));
        add(k, row, m);
      }
      starts.push_back(static_cast<int64_t>(pairs.size()));
    }
    pairs.insert(pairs.end(), outputs.begin(), outputs.end());
  }

  void add(int64_t k, int64_t row, int64_t m) {
    for (int64_t c = 0; c < kCin; ++c)
      for (int64_t o = 0; o < kColumns; ++o)
        sums[static_cast<size_t>(m * kColumns + o)] +=
            feats[static_cast<size_t>(row * kCin + c)] *
            weight[static_cast<size_t>((k * kCin + c) * kColumns + o)];
  }
};

void compare(const ConvTile& tile, const char* job, const Problem& problem, const float* parts,
             int count) {
  for (size_t i = 0; i < problem.sums.size(); ++i) {
    float sum = 0;
    for (int part = 0; part < count; ++part)
      sum += parts[static_cast<size_t>(part) * problem.sums.size() + i];
    if (sum == problem.sums[i]) continue;
    ++failures;
    std::fprintf(stderr, "%s, %s: [%zu] is %g, expected %g\n", tile.name, job, i,
                 static_cast<double>(sum), static_cast<double>(problem.sums[i]));
    return;
  }
}

void test_lists(CudaDevice& device, const ConvTile& tile, const ConvCall& call,
                const Problem& problem) {
  float* sums = upload(device, std::vector<float>(kOutputs * kColumns));
  for (int64_t k = 0; k < kOffsets; ++k)
    tile.lists(device, call, {call.feats, call.pairs, call.pairs + call.p, sums, nullptr, nullptr, k,
                              kOutputs, device.data_errors()});
  device.sync();
  compare(tile, "lists", problem, sums, 1);
  device.release(sums);
}

void test_tile(CudaDevice& device, const ConvTile& tile, const Problem& problem) {
  ConvCall call{};
  call.feats = upload_as(device, tile.dtype, problem.feats);
  call.weight = upload_as(device, tile.dtype, problem.weight);
  call.map = upload(device, problem.map);
  call.pairs = upload(device, problem.pairs);
  call.starts = upload(device, problem.starts);
  call.n = kInputs;
  call.m = kOutputs;
  call.kv = kOffsets;
  call.p = problem.starts.back();
  call.cin = kCin;
  call.cout = call.columns = kColumns;
  constexpr int kMostSums = 6;
  const std::vector<float> poison(kMostSums * kOutputs * kColumns, NAN);
  for (const auto& [parts, pieces] : {std::pair{1, 1}, {1, 3}, {2, 1}, {3, 2}}) {
    float* sums = upload(device, poison);
    const int offsets = static_cast<int>(ceil_div(kOffsets, parts));
    tile.map(device, call, {call.map, nullptr, offsets, parts, pieces, sums});
    device.sync();
    compare(tile, "map", problem, sums, parts * pieces);
    device.release(sums);
  }
  if (tile.lists) test_lists(device, tile, call, problem);
  for (const void* data : {call.feats, call.weight, static_cast<const void*>(call.map),
                           static_cast<const void*>(call.pairs),
                           static_cast<const void*>(call.starts)})
    device.release(const_cast<void*>(data));
}

}  // namespace

int test_tiles() {
  CudaDevice device(0);
  const Problem problem;
  std::vector<const ConvTile*> tiles(kConvTiles, kConvTiles + kConvTileCount);
  for (const ConvTile* tile : tiles) {
    if (tile->least_capability > device.capability()) continue;
    try {
      test_tile(device, *tile, problem);
    } catch (const Error& error) {
      ++failures;
      std::fprintf(stderr, "%s: %s\n", tile->name, error.what());
      break;  // the context is dead
    }
  }
  std::printf("%zu tiles, %d failures\n", tiles.size(), failures);
  return failures;
}
