// The weight-stationary dataflows: one product an offset over the pairs of that offset.
//   gather   gather-GEMM-scatter as the first engines did it: rows are copied into a buffer,
//            multiplied, and added to the output. Moves 2 P (Cin + Cout) floats.
//   grouped  the same with offsets of similar size in one batch, padded to the largest, while the
//            padding stays within epsilon (TorchSparse, MLSys'22, adaptive matrix grouping).
//   fused    all offsets at once; each input row is read once and written to all its places, each
//            output row is summed in cache and written once (TorchSparse's locality-aware gather
//            and scatter). Buffers hold all P rows.
//   fetch    no buffers: rows are read and added where they are (fetch-on-demand).
// An output row appears at most once an offset, so ranges of one offset never add to the same row
// and every variant gives the same bits on every run.
#include <algorithm>

#include "sparse_conv.hpp"

namespace vmk {

namespace {

constexpr int64_t kGrain = 512;

struct Call {
  CpuDevice& device;
  const SparseConv& a;
  void (*row_gemm)(const RowGemm&);
  PaddedWeight weight;
  const float* feats;
  Sums sums;

  Call(Device& any, const SparseConv& args)
      : device(cpu_device(any)), a(args), row_gemm(simd_kernels(device.isa).row_gemm) {
    check_pairs(a);
    weight = pad_weight(device, a);
    feats = as_f32(device, a.feats, a.dtype, a.n * a.cin);
    sums = zeroed_sums(device, a, weight.columns);
  }

  int64_t pairs_of(int64_t k) const { return a.starts[k + 1] - a.starts[k]; }
  const int32_t* in_rows(int64_t k) const { return a.pairs + a.starts[k]; }
  const int32_t* out_rows(int64_t k) const { return a.pairs + a.p + a.starts[k]; }

  // Rows of offset k to `to`, zero rows up to `rows`.
  void gather(int64_t k, int64_t rows, float* to) const {
    const int64_t pairs = pairs_of(k);
    device.pool.for_ranges(rows, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        if (i < pairs)
          std::copy_n(feats + in_rows(k)[i] * a.cin, a.cin, to + i * a.cin);
        else
          std::fill_n(to + i * a.cin, a.cin, 0.0f);
      }
    });
  }

  void multiply(int64_t k, int64_t rows, const float* from, float* to) const {
    device.pool.for_ranges(rows, kGrain, [&](int64_t begin, int64_t end) {
      float* c = to + begin * weight.columns;
      std::fill(c, to + end * weight.columns, 0.0f);
      row_gemm({from + begin * a.cin, a.cin, nullptr, weight.of_offset(a, k), weight.columns, c,
                weight.columns, nullptr, end - begin, a.cin, weight.columns});
    });
  }

  void scatter(int64_t k, const float* from) const {
    device.pool.for_ranges(pairs_of(k), kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        float* row = sums.data + out_rows(k)[i] * sums.ld;
        for (int64_t o = 0; o < weight.columns; ++o) row[o] += from[i * weight.columns + o];
      }
    });
  }
};

int64_t most_pairs(const Call& call) {
  int64_t most = 0;
  for (int64_t k = 0; k < call.a.kv; ++k) most = std::max(most, call.pairs_of(k));
  return most;
}

// Offsets in the order 0, KV-1, 1, KV-2, ..: the two mirror images of a submanifold map have
// equally many pairs and stand side by side. Groups end where the padding would pass epsilon.
std::vector<std::vector<int64_t>> group_offsets(const Call& call) {
  const int64_t kv = call.a.kv;
  std::vector<std::vector<int64_t>> groups;
  int64_t least = 0, most = 0;
  for (int64_t i = 0; i < kv; ++i) {
    const int64_t k = i % 2 ? kv - 1 - i / 2 : i / 2;
    const int64_t pairs = call.pairs_of(k);
    const int64_t low = std::min(least, pairs), high = std::max(most, pairs);
    const bool fits = !groups.empty() && high > 0 &&
                      1 - static_cast<double>(low) / static_cast<double>(high) <=
                          call.a.settings.epsilon;
    if (fits) {
      least = low;
      most = high;
    } else {
      groups.emplace_back();
      least = most = pairs;
    }
    groups.back().push_back(k);
  }
  return groups;
}

}  // namespace

void sparse_conv_gather(Device& any, const SparseConv& a) {
  const Call call(any, a);
  const int64_t most = most_pairs(call);
  float* gathered = call.device.scratch<float>(most * a.cin);
  float* product = call.device.scratch<float>(most * call.weight.columns);
  for (int64_t k = 0; k < a.kv; ++k) {
    call.gather(k, call.pairs_of(k), gathered);
    call.multiply(k, call.pairs_of(k), gathered, product);
    call.scatter(k, product);
  }
  finish_all(call.device, a, call.sums);
}

void sparse_conv_grouped(Device& any, const SparseConv& a) {
  const Call call(any, a);
  const auto groups = group_offsets(call);
  const auto most_of = [&](const std::vector<int64_t>& group) {
    int64_t most = 0;
    for (const int64_t k : group) most = std::max(most, call.pairs_of(k));
    return most;
  };
  int64_t rows = 0;  // the buffers must also hold the padding
  for (const auto& group : groups)
    rows = std::max(rows, static_cast<int64_t>(group.size()) * most_of(group));
  float* gathered = call.device.scratch<float>(rows * a.cin);
  float* product = call.device.scratch<float>(rows * call.weight.columns);
  for (const auto& group : groups) {
    const int64_t most = most_of(group);
    const bool batched = most < a.settings.threshold;
    int64_t at = 0;
    std::vector<int64_t> begins;
    for (const int64_t k : group) {
      begins.push_back(at);
      at += batched ? most : call.pairs_of(k);
      call.gather(k, at - begins.back(), gathered + begins.back() * a.cin);
    }
    begins.push_back(at);
    for (size_t i = 0; i < group.size(); ++i)
      call.multiply(group[i], begins[i + 1] - begins[i], gathered + begins[i] * a.cin,
                    product + begins[i] * call.weight.columns);
    for (size_t i = 0; i < group.size(); ++i)
      call.scatter(group[i], product + begins[i] * call.weight.columns);
  }
  finish_all(call.device, a, call.sums);
}

void sparse_conv_fetch(Device& any, const SparseConv& a) {
  const Call call(any, a);
  for (int64_t k = 0; k < a.kv; ++k)
    call.device.pool.for_ranges(call.pairs_of(k), kGrain, [&](int64_t begin, int64_t end) {
      call.row_gemm({call.feats, a.cin, call.in_rows(k) + begin, call.weight.of_offset(a, k),
                     call.weight.columns, call.sums.data, call.sums.ld, call.out_rows(k) + begin,
                     end - begin, a.cin, call.weight.columns});
    });
  finish_all(call.device, a, call.sums);
}

namespace {

// slots[k][row] = place of that row's pair of offset k in the buffers, or -1. `rows` are the
// input or the output rows of all pairs.
int32_t* slots_of(const Call& call, const int32_t* rows, int64_t n) {
  const SparseConv& a = call.a;
  auto* slots = call.device.scratch<int32_t>(a.kv * n);
  call.device.pool.for_ranges(a.kv, 1, [&](int64_t k, int64_t) {
    std::fill_n(slots + k * n, n, -1);
    for (int64_t i = a.starts[k]; i < a.starts[k + 1]; ++i)
      slots[k * n + rows[i]] = static_cast<int32_t>(i);
  });
  return slots;
}

// Input rows that an offset reads more than once have one slot only: such maps, which no
// convolution makes, take the plain way.
bool inputs_are_distinct(const Call& call, const int32_t* slots) {
  const SparseConv& a = call.a;
  int64_t used = 0;
  for (int64_t i = 0; i < a.kv * a.n; ++i) used += slots[i] >= 0;
  return used == a.starts[a.kv];
}

}  // namespace

void sparse_conv_fused(Device& any, const SparseConv& a) {
  const Call call(any, a);
  CpuDevice& device = call.device;
  const int64_t columns = call.weight.columns;
  const int32_t* in_slots = slots_of(call, a.pairs, a.n);
  if (!inputs_are_distinct(call, in_slots)) return sparse_conv_gather(any, a);
  const int32_t* out_slots = slots_of(call, a.pairs + a.p, a.m);
  float* gathered = device.scratch<float>(a.p * a.cin);
  float* product = device.scratch<float>(a.p * columns);
  device.pool.for_ranges(a.n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t k = 0; k < a.kv; ++k)
        if (const int64_t slot = in_slots[k * a.n + i]; slot >= 0)
          std::copy_n(call.feats + i * a.cin, a.cin, gathered + slot * a.cin);
  });
  for (int64_t k = 0; k < a.kv; ++k)
    call.multiply(k, call.pairs_of(k), gathered + a.starts[k] * a.cin,
                  product + a.starts[k] * columns);
  device.pool.for_ranges(a.m, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t m = begin; m < end; ++m)
      for (int64_t k = 0; k < a.kv; ++k)
        if (const int64_t slot = out_slots[k * a.m + m]; slot >= 0)
          for (int64_t o = 0; o < columns; ++o)
            call.sums.data[m * columns + o] += product[slot * columns + o];
  });
  finish_all(device, a, call.sums);
}

}  // namespace vmk
