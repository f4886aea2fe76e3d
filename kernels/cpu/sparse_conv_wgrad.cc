// sparse_conv_wgrad.
//   ref     one pair at a time, all sums in double.
//   chunks  the pairs are cut into chunks: a few offsets, as many as keep their sums in cache, and
//           consecutive outputs, whose rows then serve all these offsets. A chunk is summed by one
//           thread into sums of its own, and the sums of an offset are added in order. Where
//           chunks end depends on the map alone: the bits are the same for every thread count, and
//           the centre offset, which holds most pairs, keeps all threads busy. Rows of 16 bits are
//           widened as they are copied side by side.
#include <algorithm>
#include <vector>

#include "features.hpp"
#include "outer_gemm.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

[[noreturn]] void fail_row(int64_t k, int64_t m, int32_t found, int64_t rows) {
  fail(VMK_INVALID_ARGUMENT, "Cannot sum gradients: map[%lld][%lld] = %d, feats has %lld rows",
       static_cast<long long>(k), static_cast<long long>(m), found, static_cast<long long>(rows));
}

void wgrad_ref(Device& any, const SparseConvWgrad& a) {
  CpuDevice& device = cpu_device(any);
  const int64_t size = a.cin * a.cout;
  const float* feats = as_f32(device, a.feats, a.dtype, a.n * a.cin);
  const float* grad_out = as_f32(device, a.grad_out, a.dtype, a.m * a.cout);
  const WideOutput out(device, a.grad_weight, a.out_dtype, a.kv * size);
  std::vector<double> sum(size);
  for (int64_t k = 0; k < a.kv; ++k) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (int64_t m = 0; m < a.m; ++m) {
      const int32_t row = a.map[k * a.m + m];
      if (row < 0) continue;
      if (row >= a.n) fail_row(k, m, row, a.n);
      for (int64_t i = 0; i < a.cin; ++i)
        for (int64_t o = 0; o < a.cout; ++o)
          sum[i * a.cout + o] += double{feats[row * a.cin + i]} * grad_out[m * a.cout + o];
    }
    for (int64_t i = 0; i < size; ++i) out.data[k * size + i] = static_cast<float>(sum[i]);
  }
  out.store();
}

// Outputs whose pairs are listed at a time, and pairs that are packed and multiplied at a time:
// 128 pairs of 64 columns are 32 kB, two thirds of a level-1 cache.
constexpr int64_t kSpan = 512, kBlock = 128;

struct Chunk {
  int64_t first, last;  // offsets
  int64_t begin, end;   // outputs
  float* sums;          // [last - first, cin, columns]
};

// What the sizes of a call make of the sums.
struct Plan {
  int64_t columns;  // of a sum, padded
  int64_t size;     // floats of the sum of one offset
  int64_t offsets;  // of a chunk: as many as keep their sums in 256 kB
};

Plan make_plan(const SparseConvWgrad& a) {
  const int64_t columns = padded_columns(a.cout), size = a.cin * columns;
  const int64_t fit = (int64_t{1} << 16) / std::max<int64_t>(size, 1);
  return {columns, size, std::clamp<int64_t>(fit, 1, std::max<int64_t>(a.kv, 1))};
}

int32_t count_present(const int32_t* rows, int64_t n) {
  int32_t count = 0;
  for (int64_t i = 0; i < n; ++i) count += rows[i] >= 0;
  return count;
}

// Pairs of each group of offsets in each span of outputs: spans[group * span_count + span].
std::vector<int64_t> count_spans(CpuDevice& device, const SparseConvWgrad& a, int64_t offsets,
                                 int64_t span_count) {
  const int64_t groups = (a.kv + offsets - 1) / offsets;
  std::vector<int64_t> spans(groups * span_count);
  device.pool.for_ranges(groups * span_count, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i / span_count * offsets, from = i % span_count * kSpan;
      const int64_t outputs = std::min(kSpan, a.m - from);
      for (int64_t k = first; k < std::min(first + offsets, a.kv); ++k)
        spans[i] += count_present(a.map + k * a.m + from, outputs);
    }
  });
  return spans;
}

// Chunks in the order of their sums: all of the first offsets, then all of the next. The sums
// beyond the first of an offset are at most 64 and at most 16 MB, or 4 where 4 are more.
std::vector<Chunk> make_chunks(CpuDevice& device, const SparseConvWgrad& a, const Plan& plan) {
  const int64_t span_count = (a.m + kSpan - 1) / kSpan;
  const std::vector<int64_t> spans = count_spans(device, a, plan.offsets, span_count);
  int64_t pairs = 0;
  for (const int64_t count : spans) pairs += count;
  const int64_t fit = (int64_t{4} << 20) / std::max<int64_t>(plan.size * plan.offsets, 1);
  const int64_t extra = std::clamp<int64_t>(fit, 4, 64);
  const int64_t enough = std::max<int64_t>(2048, (pairs + extra - 1) / extra);
  std::vector<Chunk> chunks;
  for (int64_t first = 0, at = 0; first < a.kv; first += plan.offsets) {
    const int64_t last = std::min(first + plan.offsets, a.kv);
    int64_t begin = 0, held = 0;
    for (int64_t s = 0; s < span_count; ++s) {
      held += spans[at++];
      if (held < enough || s + 1 == span_count) continue;
      chunks.push_back({first, last, begin, (s + 1) * kSpan, nullptr});
      begin = (s + 1) * kSpan;
      held = 0;
    }
    chunks.push_back({first, last, begin, a.m, nullptr});
  }
  return chunks;
}

// Rows of a packed block are an odd number of cache lines apart: at a power of two all of them
// would fall into a few sets of the level-1 cache.
int64_t packed_stride(int64_t channels) { return ((channels + 15) / 16 | 1) * 16; }

// Up to this many products a pair, rows are multiplied where they lie: that takes too few passes
// of the micro-kernel to repay a copy.
constexpr int64_t kUnpackedSize = 64 * 64;

// Sums chunks on one thread: the rows of a block of pairs are multiplied, where they are many or
// need padding after they have been copied side by side, which gathers them once for all passes.
class ChunkSummer {
 public:
  ChunkSummer(CpuDevice& device, const SparseConvWgrad& args, const Plan& plan)
      : args_(args),
        plan_(plan),
        simd_(simd_kernels(device.isa)),
        kernels_(outer_kernels(device.isa)),
        packed_(args.dtype != VMK_F32 || plan.columns != args.cout ||
                plan.size > kUnpackedSize),
        lda_(packed_stride(args.cin)),
        ldb_(packed_stride(plan.columns)),
        a_(device.scratch<float>(kBlock * lda_)),
        b_(device.scratch<float>(kBlock * ldb_)),
        in_rows_(device.scratch<int32_t>(kSpan + kColumnPad)),
        out_rows_(device.scratch<int32_t>(kSpan + kColumnPad)) {
    std::fill(b_, b_ + kBlock * ldb_, 0.0f);
  }

  void sum(const Chunk& chunk) {
    std::fill(chunk.sums, chunk.sums + (chunk.last - chunk.first) * plan_.size, 0.0f);
    for (int64_t m = chunk.begin; m < chunk.end; m += kSpan)
      for (int64_t k = chunk.first; k < chunk.last; ++k)
        sum_span(k, m, std::min(m + kSpan, chunk.end), chunk.sums + (k - chunk.first) * plan_.size);
  }

 private:
  void sum_span(int64_t k, int64_t begin, int64_t end, float* sum) {
    const int32_t* map = args_.map + k * args_.m;
    int32_t most;
    const int64_t count = simd_.list_present(map + begin, end - begin, in_rows_, out_rows_, &most);
    if (most >= args_.n)
      for (int64_t m = begin; m < end; ++m)
        if (map[m] >= args_.n) fail_row(k, m, map[m], args_.n);
    // Blocks of equal size: 140 pairs are 70 + 70.
    const int64_t blocks = (count + kBlock - 1) / kBlock;
    int64_t done = 0;
    for (int64_t i = 0; i < blocks; ++i) {
      const int64_t pairs = (count - done + blocks - i - 1) / (blocks - i);
      add_block(in_rows_ + done, begin, out_rows_ + done, pairs, sum);
      done += pairs;
    }
  }

  // Adds the products of pairs of rows in and rows out, the latter counted from output `begin`.
  void add_block(const int32_t* in_rows, int64_t begin, const int32_t* out_rows, int64_t pairs,
                 float* sum) {
    const void* grad_out = at(args_.grad_out, args_.dtype, begin * args_.cout);
    if (!packed_)
      return kernels_.outer_gemm({static_cast<const float*>(args_.feats), args_.cin, in_rows,
                                  static_cast<const float*>(grad_out), args_.cout, out_rows, sum,
                                  plan_.columns, pairs, args_.cin, plan_.columns});
    pack(args_.feats, args_.cin, in_rows, pairs, a_, lda_);
    pack(grad_out, args_.cout, out_rows, pairs, b_, ldb_);
    kernels_.outer_gemm({a_, lda_, nullptr, b_, ldb_, nullptr, sum, plan_.columns, pairs, args_.cin,
                         plan_.columns});
  }

  // Rows of f32 or 16 bits side by side, as f32.
  void pack(const void* from, int64_t channels, const int32_t* rows, int64_t count, float* to,
            int64_t stride) const {
    if (args_.dtype == VMK_F32)
      return kernels_.pack_rows(
          {static_cast<const float*>(from), channels, rows, count, to, stride});
    constexpr int64_t kAhead = 8;
    const auto* values = static_cast<const uint16_t*>(from);
    for (int64_t i = 0; i < count; ++i) {
      const uint16_t* later = values + rows[std::min(i + kAhead, count - 1)] * channels;
      for (int64_t c = 0; c < channels; c += 32) __builtin_prefetch(later + c);
      simd_.widen(values + rows[i] * channels, args_.dtype, to + i * stride, channels);
    }
  }

  const SparseConvWgrad& args_;
  const Plan plan_;
  const SimdKernels& simd_;
  const OuterKernels& kernels_;
  bool packed_;
  int64_t lda_, ldb_;
  float *a_, *b_;
  int32_t *in_rows_, *out_rows_;
};

// The first chunk of some offsets is summed where their gradients go.
void place_sums(CpuDevice& device, std::vector<Chunk>& chunks, float* gradients, int64_t size) {
  for (Chunk& chunk : chunks)
    chunk.sums = chunk.begin == 0 ? gradients + chunk.first * size
                                  : device.scratch<float>((chunk.last - chunk.first) * size);
}

// Adds the sums of each offset in the order of its chunks.
void add_sums(CpuDevice& device, const std::vector<Chunk>& chunks, float* gradients,
              const Plan& plan) {
  device.pool.for_ranges(plan.offsets * plan.size, 4096, [&](int64_t begin, int64_t end) {
    for (const Chunk& chunk : chunks) {
      if (chunk.begin == 0) continue;
      float* to = gradients + chunk.first * plan.size;
      const int64_t last = std::min(end, (chunk.last - chunk.first) * plan.size);
      for (int64_t i = begin; i < last; ++i) to[i] += chunk.sums[i];
    }
  });
}

// Sums of `columns` a row to the gradient, without the padding and in its type.
void write_rows(CpuDevice& device, const SparseConvWgrad& a, const float* sums, int64_t columns) {
  const auto narrow = simd_kernels(device.isa).narrow;
  for (int64_t row = 0; row < a.kv * a.cin; ++row, sums += columns) {
    void* to = at(a.grad_weight, a.out_dtype, row * a.cout);
    if (a.out_dtype == VMK_F32)
      std::copy_n(sums, a.cout, static_cast<float*>(to));
    else
      narrow(sums, a.out_dtype, static_cast<uint16_t*>(to), a.cout);
  }
}

void wgrad_chunks(Device& any, const SparseConvWgrad& a) {
  CpuDevice& device = cpu_device(any);
  const Plan plan = make_plan(a);
  const bool in_place = plan.columns == a.cout && a.out_dtype == VMK_F32;
  float* gradients = in_place ? static_cast<float*>(a.grad_weight)
                              : device.scratch<float>(a.kv * plan.size);
  std::vector<Chunk> chunks = make_chunks(device, a, plan);
  place_sums(device, chunks, gradients, plan.size);
  std::vector<ChunkSummer> summers;
  for (int32_t t = 0; t < device.threads(); ++t) summers.emplace_back(device, a, plan);
  const auto count = static_cast<int64_t>(chunks.size());
  device.pool.for_ranges(
      count, 1, [&](int64_t i, int64_t, int32_t thread) { summers[thread].sum(chunks[i]); });
  add_sums(device, chunks, gradients, plan);
  if (!in_place) write_rows(device, a, gradients, plan.columns);
}

constexpr Variant<SparseConvWgrad> kList[] = {of_any_dtype("chunks", wgrad_chunks),
                                              of_any_dtype("ref", wgrad_ref)};

}  // namespace

const Variants<SparseConvWgrad> kSparseConvWgrad = variants(kList);

int32_t find_wgrad_tile(const char*) { return -1; }
std::string wgrad_tiles(Device&, const Variant<SparseConvWgrad>&, vmk_dtype) { return ""; }

}  // namespace vmk
