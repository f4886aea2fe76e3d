// What all dataflows of sparse_conv begin and end with: rows of a multiple of 16 bytes, and the
// epilogue over sums in f32.
#include "conv_call.cuh"

namespace vmk {

namespace {

constexpr int kPad = 8;  // columns: tiles write eight at a time, 16 bytes of the narrowest type

int padded(int64_t channels, int to) { return static_cast<int>(ceil_div(channels, to) * to); }

// Matrices [rows, from_columns] of `matrices` to [to_rows, to_columns], zeros around them.
template <class Element>
__global__ void __launch_bounds__(kBlock)
    pad_matrices(const Element* __restrict__ from, Element* __restrict__ to, int64_t count,
                 int from_rows, int from_columns, int to_rows, int to_columns) {
  const int64_t at = thread_index();
  if (at >= count) return;
  const int64_t row = at / to_columns, matrix = row / to_rows;
  const int column = static_cast<int>(at % to_columns), r = static_cast<int>(row % to_rows);
  const bool there = column < from_columns && r < from_rows;
  to[at] = there ? from[(matrix * from_rows + r) * from_columns + column] : Element{};
}

template <class Element>
const void* pad(CudaDevice& device, const void* from, int64_t matrices, int from_rows,
                int from_columns, int to_rows, int to_columns) {
  if (from_rows == to_rows && from_columns == to_columns) return from;
  const int64_t count = matrices * to_rows * to_columns;
  auto* to = device.scratch<Element>(count);
  VMK_LAUNCH(device, pad_matrices<Element>, blocks(count), kBlock,
             static_cast<const Element*>(from), to, count, from_rows, from_columns, to_rows,
             to_columns);
  return to;
}

template <class Element>
__global__ void __launch_bounds__(kBlock) add_parts(ConvCall a, const float* sums, int64_t parts) {
  constexpr int kCount = 4;
  const int64_t at = thread_index() * kCount, size = a.m * a.columns;
  if (at >= size) return;
  float sum[kCount] = {};
  for (int64_t part = 0; part < parts; ++part) {
    const float4 four = *reinterpret_cast<const float4*>(sums + part * size + at);
    sum[0] += four.x;
    sum[1] += four.y;
    sum[2] += four.z;
    sum[3] += four.w;
  }
  write_end<Element>(a, at / a.columns, static_cast<int>(at % a.columns), sum);
}

}  // namespace

ConvCall plain_call_of(const SparseConv& a) {
  if (a.cin > INT32_MAX - kPad || a.cout > INT32_MAX - kPad)
    fail(VMK_UNSUPPORTED, "Cannot run sparse_conv: %lld to %lld channels, at most %d are supported",
         static_cast<long long>(a.cin), static_cast<long long>(a.cout), INT32_MAX - kPad);
  constexpr int64_t kMostDepth = int64_t{1} << 30;  // steps of the sum are numbered in 32 bits
  if (a.kv > 0 && a.cin > kMostDepth / a.kv)
    fail(VMK_UNSUPPORTED, "Cannot run sparse_conv: %lld offsets of %lld channels, their product "
         "may be 2^30", static_cast<long long>(a.kv), static_cast<long long>(a.cin));
  const Epilogue& e = a.epilogue;
  const int cin = static_cast<int>(a.cin), cout = static_cast<int>(a.cout);
  return {a.feats, a.weight, a.map, a.pairs, a.starts, a.out,   a.n,        a.m,          a.kv,
          a.p,     cin,      cout,  cout,    e.scale,  e.shift, e.residual, e.activation, e.slope,
          a.packed};
}

const void* whole_vectors(CudaDevice& device, vmk_dtype dtype, const void* rows, int64_t count,
                          int channels, int& padded_channels) {
  padded_channels = padded(channels, static_cast<int>(16 / dtype_bytes(dtype)));
  const void* whole = rows;
  with_element(dtype, [&](auto element) {
    whole = pad<decltype(element)>(device, rows, count, 1, channels, 1, padded_channels);
  });
  return whole;
}

ConvCall call_of(CudaDevice& device, const SparseConv& args) {
  ConvCall a = plain_call_of(args);
  int cin = 0;
  a.feats = whole_vectors(device, args.dtype, a.feats, a.n, a.cin, cin);
  const int columns = padded(a.cout, kPad);
  if (!a.packed) {
    with_element(args.dtype, [&](auto element) {
      using Element = decltype(element);
      a.weight = pad<Element>(device, a.weight, a.kv, a.cin, a.cout, cin, columns);
    });
  }
  a.cin = cin;
  a.columns = columns;
  return a;
}

void finish_sums(CudaDevice& device, const ConvCall& a, vmk_dtype dtype, const float* sums,
                 int64_t parts) {
  with_element(dtype, [&](auto element) {
    VMK_LAUNCH(device, add_parts<decltype(element)>, blocks(a.m * a.columns / 4), kBlock, a, sums,
               parts);
  });
}

}  // namespace vmk
