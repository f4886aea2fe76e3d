#include "row_gemm.hpp"

namespace vmk {
namespace {
// 16 registers of 4: 8 of C, 2 of B, 1 of A, on x86-64 and arm64 alike.
constexpr int kWidth = 4;
constexpr int kMaxVectors = 2;
constexpr int kRows[] = {0, 4, 4};
}  // namespace
}  // namespace vmk

#include "half.inl"
#include "row_gemm.inl"

const vmk::SimdKernels vmk::kSimdBaseline = {
    vmk::row_gemm,    vmk::finish,       vmk::widen,    vmk::narrow,
    vmk::add_widened, vmk::list_present, vmk::fma_burst};
