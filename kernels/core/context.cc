// Contexts, tensors, copies and timers: the entries that are the same on every device.
#include <cstring>
#include <limits>

#include "plan.hpp"

using vmk::fail;

VMK_API int32_t vmk_abi_version(void) { return VMK_ABI_VERSION; }

VMK_API int64_t vmk_build_info(char* buf, int64_t cap) {
  return vmk::copy_text(vmk::build_info(), buf, cap);
}

VMK_API int32_t vmk_device_count(void) { return vmk::device_count(); }

VMK_API int64_t vmk_device_info(int32_t device, char* buf, int64_t cap) {
  return vmk::copy_text(vmk::device_info(device), buf, cap);
}

VMK_API vmk_ctx* vmk_ctx_new(int32_t device, int32_t threads) {
  try {
    vmk::Device* opened = vmk::open_device(device, threads);
    if (!opened) return nullptr;
    auto* ctx = new (std::nothrow) vmk_ctx;
    if (!ctx) {
      delete opened;
      return nullptr;
    }
    ctx->device = opened;
    return ctx;
  } catch (...) {
    return nullptr;
  }
}

void vmk::release_if_unused(vmk_ctx* ctx) noexcept {
  if (!ctx->closed || ctx->tensors > 0 || !ctx->plans.empty()) return;
  delete ctx->device;
  delete ctx;
}

// A tensor may outlive its context: both then point at what is left, and the last one frees it.
VMK_API void vmk_ctx_free(vmk_ctx* ctx) {
  if (!ctx) return;
  ctx->closed = true;
  vmk::release_if_unused(ctx);
}

VMK_API int64_t vmk_last_error(const vmk_ctx* ctx, char* buf, int64_t cap) {
  return vmk::copy_text(ctx ? ctx->error : "The context is null", buf, cap);
}

VMK_API int32_t vmk_ctx_threads(const vmk_ctx* ctx) { return ctx ? ctx->device->threads() : 0; }

VMK_API int32_t vmk_ctx_limit_isa(vmk_ctx* ctx, int32_t level) {
  return ctx ? ctx->device->limit_isa(level) : 0;
}

VMK_API vmk_status vmk_sync(vmk_ctx* ctx) {
  return vmk::guard(ctx, [&] {
    vmk::record_join(ctx);
    ctx->device->sync();
  });
}

VMK_API vmk_status vmk_queue(vmk_ctx* ctx, int32_t queue) {
  return vmk::guard(ctx, [&] {
    if (queue < 0 || queue >= VMK_QUEUES)
      fail(VMK_INVALID_ARGUMENT, "Cannot choose queue %d: there are %d", queue, VMK_QUEUES);
    vmk::choose_queue(ctx, queue);
  });
}

VMK_API vmk_status vmk_join(vmk_ctx* ctx) {
  return vmk::guard(ctx, [&] {
    vmk::record_join(ctx);
    ctx->device->join();
  });
}

VMK_API vmk_status vmk_reserve(vmk_ctx* ctx, int64_t bytes) {
  return vmk::guard(ctx, [&] {
    if (bytes < 0)
      fail(VMK_INVALID_ARGUMENT, "Cannot reserve %lld bytes", static_cast<long long>(bytes));
    vmk::record_join(ctx);
    ctx->device->reserve(bytes);
  });
}

VMK_API int64_t vmk_scratch_bytes(const vmk_ctx* ctx) {
  return ctx ? ctx->device->scratch_bytes() : 0;
}

VMK_API int64_t vmk_live_tensors(const vmk_ctx* ctx) { return ctx ? ctx->tensors : 0; }

VMK_API vmk_status vmk_timer_start(vmk_ctx* ctx) {
  return vmk::guard(ctx, [&] {
    vmk::record_join(ctx);
    ctx->device->timer_start();
  });
}

VMK_API double vmk_timer_stop_ms(vmk_ctx* ctx) {
  double ms = 0;
  const vmk_status status = vmk::guard(ctx, [&] {
    vmk::record_join(ctx);
    ms = ctx->device->timer_stop_ms();
  });
  return status == VMK_OK ? ms : -status;
}

VMK_API double vmk_probe(vmk_ctx* ctx, int32_t which, int64_t bytes) {
  double value = 0;
  const vmk_status status = vmk::guard(ctx, [&] {
    if (which < VMK_PROBE_FMA || which > VMK_PROBE_GATHER || bytes < 0)
      fail(VMK_INVALID_ARGUMENT, "Cannot probe the machine: probe %d of %lld bytes", which,
           static_cast<long long>(bytes));
    vmk::record_join(ctx);
    value = ctx->device->probe(which, bytes);
  });
  return status == VMK_OK ? value : -status;
}

namespace {

// The size of the array in bytes; a product past 2^62 is refused before it can wrap around.
int64_t checked_bytes(vmk_dtype dtype, int32_t ndim, const int64_t* shape) {
  int64_t bytes = vmk::dtype_bytes(dtype);
  if (bytes == 0) fail(VMK_INVALID_ARGUMENT, "Cannot make a tensor: dtype %d is unknown", dtype);
  if (ndim < 1 || ndim > VMK_MAX_DIMS || !shape)
    fail(VMK_INVALID_ARGUMENT, "Cannot make a tensor: it has %d dimensions, 1 to %d are supported",
         ndim, VMK_MAX_DIMS);
  bool empty = false;
  for (int32_t i = 0; i < ndim; ++i) {
    if (shape[i] < 0)
      fail(VMK_INVALID_ARGUMENT, "Cannot make a tensor: dimension %d is %lld", i,
           static_cast<long long>(shape[i]));
    if (shape[i] == 0) empty = true;
    if (!empty && __builtin_mul_overflow(bytes, shape[i], &bytes))
      fail(VMK_OUT_OF_MEMORY, "Cannot make a tensor: its size passes 2^63 bytes at dimension %d",
           i);
  }
  return empty ? 0 : bytes;
}

}  // namespace

VMK_API vmk_tensor* vmk_tensor_new(vmk_ctx* ctx, vmk_dtype dtype, int32_t ndim,
                                   const int64_t* shape) {
  vmk_tensor* made = nullptr;
  vmk::guard(ctx, [&] {
    const int64_t bytes = checked_bytes(dtype, ndim, shape);
    vmk::record_join(ctx);
    void* data = ctx->device->alloc(bytes);
    made = new (std::nothrow) vmk_tensor;
    if (!made) {
      ctx->device->release(data);
      fail(VMK_OUT_OF_MEMORY, "Cannot make a tensor: out of memory");
    }
    made->ctx = ctx;
    made->data = data;
    made->dtype = dtype;
    made->ndim = ndim;
    made->capacity = shape[0];
    made->columns = ndim > 1 ? shape[1] : 1;
    for (int32_t i = 0; i < ndim; ++i) made->shape[i] = shape[i];
    ++ctx->tensors;
  });
  return made;
}

VMK_API void vmk_tensor_free(vmk_tensor* tensor) {
  if (!tensor) return;
  vmk_ctx* ctx = tensor->ctx;
  vmk::guard(ctx, [&] { vmk::record_join(ctx); });
  vmk::forget_in_plans(tensor);
  ctx->device->release(tensor->data);
  delete tensor;
  --ctx->tensors;
  vmk::release_if_unused(ctx);
}

VMK_API int64_t vmk_tensor_handle(const vmk_tensor* tensor) {
  return static_cast<int64_t>(reinterpret_cast<intptr_t>(tensor));
}

VMK_API vmk_status vmk_tensor_set_rows(vmk_ctx* ctx, vmk_tensor* tensor, int64_t rows) {
  return vmk::guard(ctx, [&] {
    if (!tensor) fail(VMK_INVALID_ARGUMENT, "Cannot set rows: the tensor is null");
    if (rows < 0 || rows > tensor->capacity)
      fail(VMK_INVALID_ARGUMENT, "Cannot set %lld rows: the tensor was made with %lld",
           static_cast<long long>(rows), static_cast<long long>(tensor->capacity));
    tensor->shape[0] = rows;
  });
}

VMK_API vmk_status vmk_tensor_set_columns(vmk_ctx* ctx, vmk_tensor* tensor, int64_t columns) {
  return vmk::guard(ctx, [&] {
    if (!tensor) fail(VMK_INVALID_ARGUMENT, "Cannot set columns: the tensor is null");
    if (tensor->ndim != 2)
      fail(VMK_INVALID_ARGUMENT, "Cannot set columns: the tensor has %d dimensions, not 2",
           tensor->ndim);
    if (columns < 0 || columns > tensor->columns)
      fail(VMK_INVALID_ARGUMENT, "Cannot set %lld columns: the tensor was made with %lld",
           static_cast<long long>(columns), static_cast<long long>(tensor->columns));
    tensor->shape[1] = columns;
  });
}

namespace {

void expect_bytes(const vmk_ctx* ctx, const vmk_tensor* tensor, const void* host, int64_t bytes,
                  const char* verb) {
  if (!tensor) fail(VMK_INVALID_ARGUMENT, "Cannot %s: the tensor is null", verb);
  if (tensor->ctx != ctx)
    fail(VMK_INVALID_ARGUMENT, "Cannot %s: the tensor belongs to another context", verb);
  if (bytes != tensor->bytes() || (!host && bytes > 0))
    fail(VMK_INVALID_ARGUMENT, "Cannot %s: the array holds %lld bytes, the tensor %lld", verb,
         static_cast<long long>(host ? bytes : 0), static_cast<long long>(tensor->bytes()));
}

}  // namespace

VMK_API vmk_status vmk_upload(vmk_ctx* ctx, vmk_tensor* to, const void* from, int64_t bytes) {
  return vmk::guard(ctx, [&] {
    expect_bytes(ctx, to, from, bytes, "upload");
    if (bytes == 0) return;
    vmk::record_join(ctx);
    ctx->device->upload(to->data, from, bytes);
    if (ctx->recording) vmk::record_upload(ctx, to);
  });
}

VMK_API vmk_status vmk_download(vmk_ctx* ctx, void* to, const vmk_tensor* from, int64_t bytes) {
  return vmk::guard(ctx, [&] {
    expect_bytes(ctx, from, to, bytes, "download");
    if (bytes == 0) return;
    vmk::record_join(ctx);
    ctx->device->download(to, from->data, bytes);
    if (ctx->recording) vmk::record_download(ctx, from);
  });
}
