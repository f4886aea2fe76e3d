#pragma once
// What the dataflows of sparse_conv share.
#include "features.hpp"

namespace vmk {

// Weights in f32 with columns padded by zeros to whole registers: [KV, Cin, columns].
struct PaddedWeight {
  const float* data;
  int64_t columns;

  const float* of_offset(const SparseConv& a, int64_t k) const {
    return data + k * a.cin * columns;
  }
};
PaddedWeight pad_weight(CpuDevice& device, const SparseConv& a);

// Sums [M, columns] in f32 for the dataflows that add offset by offset: zeroed, in the output
// itself where it has that form.
struct Sums {
  float* data;
  int64_t ld;
};
Sums zeroed_sums(CpuDevice& device, const SparseConv& a, int64_t columns);

// Epilogue and conversion for outputs [begin, end) whose sums begin at `sums`.
Finish finish_of(CpuDevice& device, const SparseConv& a);
void finish_rows(CpuDevice& device, const SparseConv& a, const Finish& finish, const float* sums,
                 int64_t ld, int64_t begin, int64_t end);
void finish_all(CpuDevice& device, const SparseConv& a, const Sums& sums);

[[noreturn]] void fail_map_row(int64_t k, int64_t m, int32_t found, int64_t rows);
// Throws unless starts and pairs fit the call.
void check_pairs(const SparseConv& a);

void sparse_conv_ref(Device& device, const SparseConv& a);
void sparse_conv_implicit(Device& device, const SparseConv& a);
void sparse_conv_masked(Device& device, const SparseConv& a);
void sparse_conv_gather(Device& device, const SparseConv& a);
void sparse_conv_grouped(Device& device, const SparseConv& a);
void sparse_conv_fused(Device& device, const SparseConv& a);
void sparse_conv_fetch(Device& device, const SparseConv& a);

}  // namespace vmk
