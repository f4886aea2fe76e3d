#include "row_gemm.hpp"

namespace vmk {
namespace {
// 32 registers of 16: at most 24 of C, 4 of B, 1 of A.
constexpr int kWidth = 16;
constexpr int kMaxVectors = 4;
constexpr int kRows[] = {0, 8, 8, 8, 6};
}  // namespace
}  // namespace vmk

#include "row_gemm.inl"

const vmk::SimdKernels vmk::kSimdAvx512 = {vmk::row_gemm, vmk::fma_burst};
