#include "outer_gemm.hpp"

namespace vmk {
namespace {
// 16 registers of 4: 8 of C, 2 of B, 1 of A, on x86-64 and arm64 alike.
constexpr int kWidth = 4;
constexpr int kMaxVectors = 2;
constexpr int kRows[] = {0, 4, 4};
}  // namespace
}  // namespace vmk

#include "outer_gemm.inl"

const vmk::OuterKernels vmk::kOuterBaseline = {vmk::outer_gemm, vmk::pack_rows};
