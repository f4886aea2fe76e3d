#include "row_gemm.hpp"

namespace vmk {
namespace {
// 16 registers of 8: 12 of C, 2 of B, 1 of A.
constexpr int kWidth = 8;
constexpr int kMaxVectors = 2;
constexpr int kRows[] = {0, 6, 6};
}  // namespace
}  // namespace vmk

#include "half.inl"
#include "row_gemm.inl"

const vmk::SimdKernels vmk::kSimdAvx2 = {
    vmk::row_gemm,    vmk::finish,       vmk::widen,    vmk::narrow,
    vmk::add_widened, vmk::list_present, vmk::fma_burst};
