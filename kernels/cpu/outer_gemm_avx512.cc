#include "outer_gemm.hpp"

namespace vmk {
namespace {
// 32 registers of 16: at most 24 of C, 4 of B, 1 of A.
constexpr int kWidth = 16;
constexpr int kMaxVectors = 4;
constexpr int kRows[] = {0, 8, 8, 8, 6};
}  // namespace
}  // namespace vmk

#include "outer_gemm.inl"

const vmk::OuterKernels vmk::kOuterAvx512 = {vmk::outer_gemm, vmk::pack_rows};
