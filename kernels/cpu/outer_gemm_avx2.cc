#include "outer_gemm.hpp"

namespace vmk {
namespace {
// 16 registers of 8: 12 of C, 2 of B, 1 of A.
constexpr int kWidth = 8;
constexpr int kMaxVectors = 2;
constexpr int kRows[] = {0, 6, 6};
}  // namespace
}  // namespace vmk

#include "outer_gemm.inl"

const vmk::OuterKernels vmk::kOuterAvx2 = {vmk::outer_gemm, vmk::pack_rows};
