// Limits of the machine, measured with the context's own threads and instruction set.
#include <algorithm>
#include <chrono>

#include "device.hpp"
#include "row_gemm.hpp"

namespace vmk {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Best of several, because anything else that runs on the machine only makes a limit look lower.
template <class F>
double best_rate(F&& work_per_run) {
  double best = 0;
  const auto start = Clock::now();
  for (int run = 0; run < 3 || (seconds_since(start) < 0.15 && run < 50); ++run) {
    const auto began = Clock::now();
    const double work = work_per_run();
    best = std::max(best, work / seconds_since(began));
  }
  return best;
}

double probe_fma(CpuDevice& device) {
  const auto& simd = simd_kernels(device.isa);
  const int32_t threads = device.threads();
  std::vector<double> flops(threads);
  std::vector<float> sinks(threads * 16);
  constexpr int64_t kRounds = 400'000;
  return best_rate([&] {
           device.pool.for_ranges(threads, 1, [&](int64_t i, int64_t) {
             flops[i] = simd.fma_burst(kRounds, &sinks[i * 16]);
           });
           double sum = 0;
           for (double f : flops) sum += f;
           return sum;
         }) / 1e9;
}

double probe_triad(CpuDevice& device, int64_t bytes) {
  const int64_t n = std::max<int64_t>(bytes / 4, 1);
  float* a = device.scratch<float>(n);
  float* b = device.scratch<float>(n);
  float* c = device.scratch<float>(n);
  std::fill(b, b + n, 1.0f);
  std::fill(c, c + n, 2.0f);
  std::fill(a, a + n, 0.0f);
  return best_rate([&] {
           device.pool.for_ranges(n, 1 << 16, [&](int64_t begin, int64_t end) {
             for (int64_t i = begin; i < end; ++i) a[i] = b[i] + 3.0f * c[i];
           });
           return 12.0 * static_cast<double>(n);
         }) / 1e9;
}

double probe_gather(CpuDevice& device, int64_t bytes) {
  constexpr int64_t kRow = 64, kReads = 1 << 19, kGrain = 1 << 12;
  const int64_t rows = std::max<int64_t>(bytes / kRow, 1);
  float* table = device.scratch<float>(rows * 16);
  int32_t* index = device.scratch<int32_t>(kReads);
  float* out = device.scratch<float>(kReads / kGrain * 16);
  std::fill(table, table + rows * 16, 1.0f);
  uint64_t state = 0x9E3779B97F4A7C15u;
  for (int64_t i = 0; i < kReads; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    index[i] = static_cast<int32_t>((state >> 33) % static_cast<uint64_t>(rows));
  }
  return best_rate([&] {
           device.pool.for_ranges(kReads, kGrain, [&](int64_t begin, int64_t end) {
             float sum[16] = {};  // a sum a lane: reads of different rows do not wait for another
             for (int64_t i = begin; i < end; ++i)
               for (int c = 0; c < 16; ++c) sum[c] += table[int64_t{index[i]} * 16 + c];
             std::copy_n(sum, 16, out + begin / kGrain * 16);
           });
           return static_cast<double>(kRow * kReads);
         }) / 1e9;
}

}  // namespace

double CpuDevice::probe(int32_t which, int64_t bytes) {
  struct Reset {
    CpuDevice& device;
    ~Reset() { device.arena.reset(); }
  } reset{*this};
  if (which == VMK_PROBE_FMA) return probe_fma(*this);
  if (which == VMK_PROBE_TRIAD) return probe_triad(*this, bytes);
  return probe_gather(*this, bytes);
}

}  // namespace vmk
