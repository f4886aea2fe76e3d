// bev_pool.prefix_sum - the baseline of Lift-Splat-Shoot: a running sum over all points in interval
// order; a cell is the difference of two prefixes. Sums are double, where the original's f32 loses
// the small cells behind the large ones, and only the prefixes at the ends of intervals are stored.
// Cost: every feature read twice, 16 C bytes an interval. Its work does not depend on how crowded
// the cells are.
#include "bev_pool.cuh"

namespace vmk {

namespace {

// The features of the j-th point in interval order, 0 for one that is not there.
__device__ inline float point_features(const BevPool& a, int64_t j, int64_t channel,
                                       DataErrors* log) {
  const int32_t row = a.order[j];
  if (row >= 0 && row < a.p) return static_cast<const float*>(a.feats)[row * a.c + channel];
  note(log, kBadGroup, 0, j, row);
  return 0;
}

constexpr int64_t kRun = 128;  // rows that one thread sums, one channel each

// sums[run][channel] of the points, in interval order.
__global__ void __launch_bounds__(kBlock)
    sum_runs(BevPool a, double* __restrict__ sums, DataErrors* log) {
  const int64_t at = thread_index();
  if (at >= ceil_div(a.kept, kRun) * a.c) return;
  const int64_t run = at / a.c, channel = at % a.c;
  double sum = 0;
  for (int64_t j = run * kRun; j < min(a.kept, (run + 1) * kRun); ++j)
    sum += point_features(a, j, channel, log);
  sums[at] = sum;
}

// The same over rows of sums.
__global__ void __launch_bounds__(kBlock)
    sum_rows(const double* __restrict__ rows, int64_t n, int64_t c, double* __restrict__ sums) {
  const int64_t at = thread_index();
  if (at >= ceil_div(n, kRun) * c) return;
  const int64_t run = at / c, channel = at % c;
  double sum = 0;
  for (int64_t i = run * kRun; i < min(n, (run + 1) * kRun); ++i) sum += rows[i * c + channel];
  sums[at] = sum;
}

// Turns rows into the sums of the rows before them; bases holds those of whole runs, or is null
// when there is one run.
__global__ void __launch_bounds__(kBlock)
    add_up_rows(double* __restrict__ rows, int64_t n, int64_t c,
                const double* __restrict__ bases) {
  const int64_t at = thread_index();
  if (at >= ceil_div(n, kRun) * c) return;
  const int64_t run = at / c, channel = at % c;
  double sum = bases ? bases[at] : 0;
  for (int64_t i = run * kRun; i < min(n, (run + 1) * kRun); ++i) {
    const double value = rows[i * c + channel];
    rows[i * c + channel] = sum;
    sum += value;
  }
}

// The first interval that starts at row j or behind it; the end of the last one counts too.
__device__ inline int64_t first_start(const BevPool& a, int64_t j) {
  int64_t low = 0, high = a.intervals_n + 1;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (a.starts[middle] < j) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// ends[i][channel]: the sum of all points before starts[i].
__global__ void __launch_bounds__(kBlock)
    write_ends(BevPool a, const double* __restrict__ bases, double* __restrict__ ends,
               DataErrors* log) {
  const int64_t at = thread_index();
  // One run more than there are points in: starts may name the row behind the last point.
  if (at >= (a.kept / kRun + 1) * a.c || plan_bad(log)) return;
  const int64_t run = at / a.c, channel = at % a.c;
  const int64_t last = min(a.kept + 1, (run + 1) * kRun);
  int64_t i = first_start(a, run * kRun);
  double sum = bases[at];
  for (int64_t j = run * kRun; j < last; ++j) {
    for (; i <= a.intervals_n && a.starts[i] == j; ++i) ends[i * a.c + channel] = sum;
    if (j < a.kept) sum += point_features(a, j, channel, log);
  }
}

__global__ void __launch_bounds__(kBlock)
    subtract_ends(BevPool a, const double* __restrict__ ends, const DataErrors* log) {
  const int64_t at = thread_index();
  if (at >= a.intervals_n * a.c || plan_bad(log)) return;
  const int64_t cell = a.intervals[at / a.c];
  static_cast<float*>(a.out)[cell * a.c + at % a.c] = static_cast<float>(ends[at + a.c] - ends[at]);
}

// Exclusive prefix sums down the columns of rows [n, c], in place.
void add_up(CudaDevice& device, double* rows, int64_t n, int64_t c) {
  const int64_t runs = ceil_div(n, kRun);
  double* bases = nullptr;
  if (runs > 1) {
    bases = device.scratch<double>(runs * c);
    VMK_LAUNCH(device, sum_rows, blocks(runs * c), kBlock, rows, n, c, bases);
    add_up(device, bases, runs, c);
  }
  VMK_LAUNCH(device, add_up_rows, blocks(runs * c), kBlock, rows, n, c, bases);
}

}  // namespace

void bev_pool_prefix_sum(Device& any, const BevPool& a) {
  CudaDevice& device = cuda_device(any);
  device.fill(a.out, 0, a.grid * a.c * static_cast<int64_t>(sizeof(float)));
  if (a.intervals_n == 0) return;
  check_plan(device, plan_of(a));
  const int64_t runs = a.kept / kRun + 1;
  auto* sums = device.scratch<double>(runs * a.c);
  auto* ends = device.scratch<double>((a.intervals_n + 1) * a.c);
  device.fill(sums, 0, runs * a.c * static_cast<int64_t>(sizeof(double)));
  VMK_LAUNCH(device, sum_runs, blocks(ceil_div(a.kept, kRun) * a.c), kBlock, a, sums,
             device.data_errors());
  add_up(device, sums, runs, a.c);
  VMK_LAUNCH(device, write_ends, blocks(runs * a.c), kBlock, a, sums, ends, device.data_errors());
  VMK_LAUNCH(device, subtract_ends, blocks(a.intervals_n * a.c), kBlock, a, ends,
             device.data_errors());
}

}  // namespace vmk
