#include "features.hpp"

namespace vmk {

namespace {

constexpr int64_t kGrain = 1 << 15;

}  // namespace

const float* as_f32(CpuDevice& device, const void* values, vmk_dtype dtype, int64_t n) {
  if (dtype == VMK_F32) return static_cast<const float*>(values);
  const auto widen = simd_kernels(device.isa).widen;
  float* wide = device.scratch<float>(n);
  device.pool.for_ranges(n, kGrain, [&](int64_t begin, int64_t end) {
    widen(static_cast<const uint16_t*>(values) + begin, dtype, wide + begin, end - begin);
  });
  return wide;
}

WideOutput::WideOutput(CpuDevice& device, void* to, vmk_dtype dtype, int64_t n)
    : data(dtype == VMK_F32 ? static_cast<float*>(to) : device.scratch<float>(n)),
      device_(device),
      to_(to),
      dtype_(dtype),
      n_(n) {}

void WideOutput::store() const {
  if (dtype_ == VMK_F32) return;
  const auto narrow = simd_kernels(device_.isa).narrow;
  device_.pool.for_ranges(n_, kGrain, [&](int64_t begin, int64_t end) {
    narrow(data + begin, dtype_, static_cast<uint16_t*>(to_) + begin, end - begin);
  });
}

}  // namespace vmk
