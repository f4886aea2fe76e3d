// sparse_conv_ws.
//   lanes  output-stationary like sparse_conv.implicit, with pairs as the lanes of a register: 16
//          rows are transposed in registers, every weight is one multiply-add for all of them, and
//          the sums are transposed back. At 128 channels the two transpositions cost an eighth of
//          the dense product; the rest of the time is proportional to the weights.
//   paper  Algorithm 1 of the Diet paper through buffers: moves 4 P (Cin + Cout) floats.
//   ref    one output at a time, all sums in double.
#include <algorithm>
#include <vector>

#include "lane_gemm.hpp"
#include "sparse_conv_ws.hpp"
#include "variants.hpp"

namespace vmk {

void check_weights(const SparseConvWs& a) {
  const int64_t columns = a.kv * a.cout;
  if (a.starts[0] != 0 || a.starts[columns] != a.nonzeros)
    fail(VMK_INVALID_ARGUMENT,
         "Cannot convolve: index and value have %lld entries, starts goes from %lld to %lld",
         static_cast<long long>(a.nonzeros), static_cast<long long>(a.starts[0]),
         static_cast<long long>(a.starts[columns]));
  for (int64_t i = 0; i < columns; ++i)
    if (a.starts[i + 1] < a.starts[i])
      fail(VMK_INVALID_ARGUMENT,
           "Cannot convolve: starts[%lld] = %lld is less than starts[%lld] = %lld",
           static_cast<long long>(i + 1), static_cast<long long>(a.starts[i + 1]),
           static_cast<long long>(i), static_cast<long long>(a.starts[i]));
  for (int64_t i = 0; i < a.nonzeros; ++i)
    if (a.index[i] < 0 || a.index[i] >= a.cin)
      fail(VMK_INVALID_ARGUMENT, "Cannot convolve: index[%lld] = %d, feats has %lld channels",
           static_cast<long long>(i), a.index[i], static_cast<long long>(a.cin));
}

void check_rows(const SparseConvWs& a, int64_t k, int64_t begin, int64_t end) {
  for (int64_t m = begin; m < end; ++m)
    if (a.map[k * a.m + m] >= a.n) fail_map_row(k, m, a.map[k * a.m + m], a.n);
}

namespace {

void ws_ref(Device&, const SparseConvWs& a) {
  check_weights(a);
  std::vector<double> sum(a.cout);
  for (int64_t m = 0; m < a.m; ++m) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (int64_t k = 0; k < a.kv; ++k) {
      const int64_t* starts = a.starts + k * a.cout;
      if (starts[0] == starts[a.cout]) continue;
      const int32_t row = a.map[k * a.m + m];
      if (row < 0) continue;
      if (row >= a.n) fail_map_row(k, m, row, a.n);
      for (int64_t o = 0; o < a.cout; ++o)
        for (int64_t i = starts[o]; i < starts[o + 1]; ++i)
          sum[o] += double{a.feats[row * a.cin + a.index[i]]} * a.value[i];
    }
    for (int64_t o = 0; o < a.cout; ++o) a.out[m * a.cout + o] = static_cast<float>(sum[o]);
  }
}

// The weights as the micro-kernel takes them, columns by their number of entries: the trip count
// of its inner loop then hardly changes, and the branch at its end is predicted.
struct OrderedWeights {
  SparseColumn* columns;  // [kv, cout]
  SparseEntry* entries;
};

OrderedWeights order_weights(CpuDevice& device, const SparseConvWs& a) {
  const OrderedWeights ordered{device.scratch<SparseColumn>(a.kv * a.cout),
                               device.scratch<SparseEntry>(a.nonzeros)};
  device.pool.for_ranges(a.kv, 1, [&](int64_t k, int64_t) {
    const int64_t* starts = a.starts + k * a.cout;
    SparseColumn* columns = ordered.columns + k * a.cout;
    for (int64_t o = 0; o < a.cout; ++o)
      columns[o] = {static_cast<int32_t>(o), static_cast<int32_t>(starts[o + 1] - starts[o])};
    std::sort(columns, columns + a.cout, [](const SparseColumn& x, const SparseColumn& y) {
      return x.entries != y.entries ? x.entries < y.entries : x.column < y.column;
    });
    SparseEntry* entry = ordered.entries + starts[0];
    for (int64_t o = 0; o < a.cout; ++o)
      for (int64_t i = starts[columns[o].column]; i < starts[columns[o].column + 1]; ++i)
        *entry++ = {a.value[i], a.index[i]};
  });
  return ordered;
}

// Rows of a tile: its sums fill half of a 1 MB level-2 cache. Larger than a dense tile, because
// the weights need no room beside it and the groups of pairs get longer.
int64_t tile_rows(int64_t columns) {
  return std::clamp<int64_t>((int64_t{1} << 17) / columns, 64, 2048);
}

// Pairs of one offset within a tile.
struct PairList {
  int32_t *in_rows, *out_rows;
  int64_t pairs;
};

// Tiles on one thread, all offsets that have weights one after the other. The pairs of the next
// offset are listed before this one is computed, so that its rows can be asked for.
class TileRunner {
 public:
  TileRunner(CpuDevice& device, const SparseConvWs& args, const OrderedWeights& weights,
             int64_t rows, int64_t columns)
      : args_(args),
        weights_(weights),
        list_present_(simd_kernels(device.isa).list_present),
        lane_gemm_(lane_gemm_kernel(device.isa)),
        columns_(columns),
        sums_(device.scratch<float>(rows * columns)),
        a_lanes_(device.scratch<float>(lane_floats(args.cin))),
        c_lanes_(device.scratch<float>(lane_floats(columns))) {
    for (PairList& list : lists_)
      list = {device.scratch<int32_t>(rows + kColumnPad),
              device.scratch<int32_t>(rows + kColumnPad), 0};
    // The lanes of padding columns are read like all others.
    std::fill(c_lanes_, c_lanes_ + lane_floats(columns), 0.0f);
  }

  void run(int64_t begin, int64_t end) {
    // Rows of the output that need no padding are summed in place.
    float* sums = columns_ == args_.cout ? args_.out + begin * columns_ : sums_;
    std::fill(sums, sums + (end - begin) * columns_, 0.0f);
    int64_t k = next_offset(-1);
    if (k < args_.kv) list(k, begin, end, lists_[0]);
    for (int turn = 0; k < args_.kv; turn ^= 1) {
      const int64_t next = next_offset(k);
      PairList &now = lists_[turn], &later = lists_[turn ^ 1];
      later.pairs = 0;
      if (next < args_.kv) list(next, begin, end, later);
      const int64_t first = args_.starts[k * args_.cout];
      lane_gemm_({args_.feats, args_.cin, now.in_rows, weights_.columns + k * args_.cout,
                  args_.cout, weights_.entries + first,
                  args_.starts[(k + 1) * args_.cout] - first, sums, columns_, now.out_rows,
                  now.pairs, args_.cin, later.in_rows, later.pairs, a_lanes_, c_lanes_});
      k = next;
    }
    if (sums != sums_) return;
    for (int64_t m = begin; m < end; ++m)
      std::copy_n(sums_ + (m - begin) * columns_, args_.cout, args_.out + m * args_.cout);
  }

 private:
  // The first offset after k that has weights.
  int64_t next_offset(int64_t k) const {
    do ++k;
    while (k < args_.kv && args_.starts[k * args_.cout] == args_.starts[(k + 1) * args_.cout]);
    return k;
  }

  void list(int64_t k, int64_t begin, int64_t end, PairList& to) const {
    const int32_t* map = args_.map + k * args_.m;
    int32_t most;
    to.pairs = list_present_(map + begin, end - begin, to.in_rows, to.out_rows, &most);
    if (most >= args_.n) check_rows(args_, k, begin, end);
  }

  const SparseConvWs& args_;
  const OrderedWeights weights_;
  decltype(SimdKernels::list_present) list_present_;
  LaneGemmKernel lane_gemm_;
  int64_t columns_;
  float *sums_, *a_lanes_, *c_lanes_;
  PairList lists_[2];
};

void ws_lanes(Device& any, const SparseConvWs& a) {
  CpuDevice& device = cpu_device(any);
  check_weights(a);
  const OrderedWeights weights = order_weights(device, a);
  const int64_t columns = padded_columns(a.cout), rows = tile_rows(columns);
  std::vector<TileRunner> runners;
  for (int32_t t = 0; t < device.threads(); ++t)
    runners.emplace_back(device, a, weights, rows, columns);
  device.pool.for_ranges(a.m, rows, [&](int64_t begin, int64_t end, int32_t thread) {
    runners[thread].run(begin, end);
  });
}

constexpr Variant<SparseConvWs> kList[] = {
    {"lanes", ws_lanes}, {"paper", ws_paper}, {"ref", ws_ref}};

}  // namespace

const Variants<SparseConvWs> kSparseConvWs = variants(kList);

}  // namespace vmk
