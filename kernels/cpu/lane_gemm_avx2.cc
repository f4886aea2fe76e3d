#include "lane_gemm.hpp"

namespace vmk {
namespace {
constexpr int kWidth = 8;
}  // namespace
}  // namespace vmk

#include "lane_gemm.inl"

const vmk::LaneGemmKernel vmk::kLaneGemmAvx2 = vmk::lane_gemm;
