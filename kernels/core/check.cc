// The checks that every entry makes of its arguments, and the geometry of a layer.
#include "internal.hpp"

int64_t vmk_tensor::row_elements() const {
  int64_t n = 1;
  for (int32_t i = 1; i < ndim; ++i) n *= shape[i];
  return n;
}

int64_t vmk_tensor::bytes() const { return shape[0] * row_elements() * vmk::dtype_bytes(dtype); }

namespace vmk {

void expect(const vmk_ctx* ctx, const vmk_tensor* t, const char* name, vmk_dtype dtype,
            int32_t ndim) {
  if (!t) fail(VMK_INVALID_ARGUMENT, "Cannot read %s: it is null", name);
  if (t->ctx != ctx)
    fail(VMK_INVALID_ARGUMENT, "Cannot read %s: it belongs to another context", name);
  if (t->dtype != dtype || t->ndim != ndim)
    fail(VMK_INVALID_ARGUMENT, "Cannot read %s: it is %s with %d dimensions, not %s with %d", name,
         dtype_name(t->dtype), t->ndim, dtype_name(dtype), ndim);
  if (ctx->recording) ctx->used.push_back(t);
}

vmk_dtype expect_feature(const vmk_ctx* ctx, const vmk_tensor* t, const char* name, int32_t ndim) {
  const vmk_dtype dtype = t ? t->dtype : VMK_F32;
  if (dtype != VMK_F32 && dtype != VMK_BF16 && dtype != VMK_F16)
    fail(VMK_INVALID_ARGUMENT, "Cannot read %s: it is %s, f32, bf16 or f16 is needed", name,
         dtype_name(dtype));
  expect(ctx, t, name, dtype, ndim);
  return dtype;
}

void expect_size(const vmk_tensor* t, const char* name, int32_t dim, int64_t needed) {
  if (t->shape[dim] != needed)
    fail(VMK_INVALID_ARGUMENT, "Cannot read %s: dimension %d is %lld, not %lld", name, dim,
         static_cast<long long>(t->shape[dim]), static_cast<long long>(needed));
}

void expect_at_least(const vmk_tensor* t, const char* name, int32_t dim, int64_t needed) {
  if (t->shape[dim] < needed)
    fail(VMK_INVALID_ARGUMENT, "Cannot read %s: dimension %d is %lld, at least %lld is needed",
         name, dim, static_cast<long long>(t->shape[dim]), static_cast<long long>(needed));
}

void expect_rows(const vmk_tensor* t, const char* name) {
  if (t->shape[0] > INT32_MAX)
    fail(VMK_INVALID_ARGUMENT, "Cannot read %s: it has %lld rows, at most %d can be numbered",
         name, static_cast<long long>(t->shape[0]), INT32_MAX);
}

int64_t Geometry::volume() const {
  return int64_t{kernel[0]} * kernel[1] * kernel[2];
}

bool Geometry::submanifold() const {
  for (int axis = 0; axis < 3; ++axis)
    if (kernel[axis] % 2 == 0 || stride[axis] != 1) return false;
  return true;
}

int64_t Geometry::index(int32_t ix, int32_t iy, int32_t iz) const {
  if (volume() % 2) return (int64_t{iz} * kernel[1] + iy) * kernel[0] + ix;
  return (int64_t{ix} * kernel[1] + iy) * kernel[2] + iz;
}

std::array<int32_t, 3> Geometry::offset(int64_t k) const {
  const bool odd = volume() % 2;
  const int fast = odd ? 0 : 2, slow = odd ? 2 : 0;
  std::array<int32_t, 3> at{};
  at[fast] = static_cast<int32_t>(k % kernel[fast]) + low(fast);
  at[1] = static_cast<int32_t>(k / kernel[fast] % kernel[1]) + low(1);
  at[slow] = static_cast<int32_t>(k / kernel[fast] / kernel[1]) + low(slow);
  return at;
}

Geometry read_geometry(const int32_t* ints) {
  if (!ints) fail(VMK_INVALID_ARGUMENT, "Cannot read geometry: it is null");
  // A kernel axis of 1024 cells, a stride or dilation of 1024: far past any published layer, and
  // small enough that offset * dilation + coordinate * stride cannot leave 32 bits.
  constexpr int32_t kMost = 1024;
  Geometry g{};
  for (int axis = 0; axis < 3; ++axis) {
    g.kernel[axis] = ints[axis];
    g.stride[axis] = ints[3 + axis];
    g.dilation[axis] = ints[6 + axis];
  }
  for (int i = 0; i < VMK_GEOMETRY_INTS; ++i)
    if (ints[i] < 1 || ints[i] > kMost)
      fail(VMK_INVALID_ARGUMENT, "Cannot read geometry: entry %d is %d, it must be in [1, %d]", i,
           ints[i], kMost);
  if (g.volume() > 4096)
    fail(VMK_INVALID_ARGUMENT, "Cannot read geometry: a kernel of %d x %d x %d has %lld offsets, "
         "at most 4096 are supported", ints[0], ints[1], ints[2],
         static_cast<long long>(g.volume()));
  return g;
}

Epilogue read_epilogue(const vmk_ctx* ctx, const vmk_tensor* scale, const vmk_tensor* shift,
                       const vmk_tensor* residual, const vmk_tensor* out, int32_t activation,
                       int32_t last, float slope) {
  if (activation < VMK_ACT_NONE || activation > last)
    fail(VMK_INVALID_ARGUMENT, "Cannot read activation: it is %d, this op knows 0 to %d",
         activation, last);
  if (scale) {
    expect(ctx, scale, "scale", VMK_F32, 1);
    expect_size(scale, "scale", 0, out->shape[1]);
  }
  if (shift) {
    expect(ctx, shift, "shift", VMK_F32, 1);
    expect_size(shift, "shift", 0, out->shape[1]);
  }
  if (residual) {
    expect(ctx, residual, "residual", out->dtype, 2);
    expect_size(residual, "residual", 0, out->shape[0]);
    expect_size(residual, "residual", 1, out->shape[1]);
  }
  return {scale ? scale->as<float>() : nullptr, shift ? shift->as<float>() : nullptr,
          residual ? residual->data : nullptr, activation, slope};
}

}  // namespace vmk
