// Limits of the device: f32 multiply-adds, a streaming triad, random 64-byte reads.
#include <algorithm>

#include "common.cuh"

namespace vmk {

namespace {

constexpr int kChains = 16;  // independent sums a thread: enough to hide the latency of one
constexpr int64_t kRowBytes = 64;
constexpr int kLanesARow = kRowBytes / sizeof(float4);

__global__ void __launch_bounds__(kBlock) multiply_add(int64_t rounds, float* sink) {
  float sum[kChains];
  for (int i = 0; i < kChains; ++i) sum[i] = static_cast<float>(threadIdx.x + i);
  for (int64_t r = 0; r < rounds; ++r)
#pragma unroll
    for (int i = 0; i < kChains; ++i) sum[i] = fmaf(sum[i], 0.999f, 0.001f);
  float all = 0;
  for (int i = 0; i < kChains; ++i) all += sum[i];
  if (all < 0) *sink = all;  // never: it keeps the sums from being dropped
}

__global__ void __launch_bounds__(kBlock)
    stream_triad(float4* __restrict__ a, const float4* __restrict__ b,
                 const float4* __restrict__ c, int64_t n) {
  const int64_t i = thread_index();
  if (i >= n) return;
  const float4 x = b[i], y = c[i];
  a[i] = make_float4(fmaf(3.0f, y.x, x.x), fmaf(3.0f, y.y, x.y), fmaf(3.0f, y.z, x.z),
                     fmaf(3.0f, y.w, x.w));
}

// Four neighbouring lanes read one row of 64 bytes; rows are chosen by an integer hash.
__global__ void __launch_bounds__(kBlock)
    read_rows(const float4* __restrict__ table, int64_t rows, int64_t reads, float* sink) {
  const int64_t at = thread_index();
  if (at >= reads * kLanesARow) return;
  uint64_t row = static_cast<uint64_t>(at / kLanesARow) * 0x9e3779b97f4a7c15u;
  row = (row ^ row >> 29) * 0xbf58476d1ce4e5b9u;
  row = (row ^ row >> 32) % static_cast<uint64_t>(rows);
  const float4 four = table[row * kLanesARow + at % kLanesARow];
  if (four.x < 0) *sink = four.x;  // never
}

// Work a second of the fastest of several runs: whatever else runs only makes a limit look lower.
template <class F>
double best_rate(CudaDevice& device, double work, F&& run) {
  double best = 0;
  for (int turn = 0; turn < 5; ++turn) {
    device.timer_start();
    run();
    best = std::max(best, work / (std::max(device.timer_stop_ms(), 1e-3) * 1e-3));
  }
  return best;
}

}  // namespace

double probe_fma(CudaDevice& device) {
  float* sink = device.scratch<float>(1);
  const int64_t threads = int64_t{device.multiprocessors()} * 8 * kBlock;
  double rate = 0, seconds = 0;
  // Doubles the work until it is long against a launch.
  for (int64_t rounds = 64; seconds < 5e-3 && rounds < (int64_t{1} << 30); rounds *= 2) {
    const double work = 2.0 * kChains * static_cast<double>(rounds) * static_cast<double>(threads);
    rate = best_rate(device, work, [&] {
      VMK_LAUNCH(device, multiply_add, blocks(threads), kBlock, rounds, sink);
    });
    seconds = work / rate;
  }
  return rate / 1e9;
}

double probe_triad(CudaDevice& device, int64_t bytes) {
  const int64_t n = std::max<int64_t>(ceil_div(bytes, sizeof(float4)), 1);
  auto* a = device.scratch<float4>(n);
  auto* b = device.scratch<float4>(n);
  auto* c = device.scratch<float4>(n);
  device.fill(b, 0, n * static_cast<int64_t>(sizeof(float4)));
  device.fill(c, 0, n * static_cast<int64_t>(sizeof(float4)));
  const double work = 3.0 * static_cast<double>(n * static_cast<int64_t>(sizeof(float4)));
  return best_rate(device, work, [&] {
           VMK_LAUNCH(device, stream_triad, blocks(n), kBlock, a, b, c, n);
         }) / 1e9;
}

double probe_gather(CudaDevice& device, int64_t bytes) {
  const int64_t rows = std::max<int64_t>(bytes / kRowBytes, 1);
  auto* table = device.scratch<float4>(rows * kLanesARow);
  float* sink = device.scratch<float>(1);
  device.fill(table, 0, rows * kRowBytes);
  const int64_t reads = std::max<int64_t>(rows, 1 << 16);
  return best_rate(device, static_cast<double>(reads * kRowBytes), [&] {
           VMK_LAUNCH(device, read_rows, blocks(reads * kLanesARow), kBlock, table, rows, reads,
                      sink);
         }) / 1e9;
}

}  // namespace vmk
