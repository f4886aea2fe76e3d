#pragma once
// Tensors of f32, bf16 or f16 as the f32 arrays that kernels compute with.
#include "row_gemm.hpp"

namespace vmk {

// f32 values: the array itself, or a widened copy in scratch.
const float* as_f32(CpuDevice& device, const void* values, vmk_dtype dtype, int64_t n);

// The f32 array that an op writes before it becomes a tensor of dtype: that tensor itself where it
// is f32, else scratch that store() rounds into it.
class WideOutput {
 public:
  WideOutput(CpuDevice& device, void* to, vmk_dtype dtype, int64_t n);
  void store() const;

  float* data;

 private:
  CpuDevice& device_;
  void* to_;
  vmk_dtype dtype_;
  int64_t n_;
};

// The i-th value of an array of dtype.
inline const void* at(const void* values, vmk_dtype dtype, int64_t i) {
  return static_cast<const char*>(values) + i * dtype_bytes(dtype);
}
inline void* at(void* values, vmk_dtype dtype, int64_t i) {
  return static_cast<char*>(values) + i * dtype_bytes(dtype);
}

}  // namespace vmk
