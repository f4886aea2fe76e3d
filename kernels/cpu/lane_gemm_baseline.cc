#include "lane_gemm.hpp"

namespace vmk {
namespace {
constexpr int kWidth = 4;
}  // namespace
}  // namespace vmk

#include "lane_gemm.inl"

const vmk::LaneGemmKernel vmk::kLaneGemmBaseline = vmk::lane_gemm;
