// What the CUDA library says when the machine fails it, on the emulator, which can be asked to fail:
// no device, an old driver, code for another architecture, no memory, a kernel that faults late.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "faults.hpp"
#include "voxmark.h"

namespace {

using vmk::emulator::faults;

int failures = 0;

void expect(const char* what, const std::string& found, const char* needed) {
  if (found.find(needed) != std::string::npos) return;
  std::fprintf(stderr, "FAILED: %s: \"%s\", expected \"%s\"\n", what, found.c_str(), needed);
  ++failures;
}

void expect_status(const char* what, vmk_status found, vmk_status needed) {
  if (found == needed) return;
  std::fprintf(stderr, "FAILED: %s: status %d, expected %d\n", what, found, needed);
  ++failures;
}

std::string device_info() {
  char text[1024];
  vmk_device_info(0, text, sizeof text);
  return text;
}

std::string last_error(const vmk_ctx* ctx) {
  char text[1024];
  vmk_last_error(ctx, text, sizeof text);
  return text;
}

// The device cannot be opened; the text names why in one line.
void expect_closed(const char* what, const char* needed) {
  expect(what, device_info(), needed);
  if (device_info().find('\n') != std::string::npos) expect(what, "several lines", "one line");
  if (vmk_ctx_new(0, 0)) expect(what, "a context", "none");
}

void test_opening() {
  faults = {};
  faults.device_count = cudaErrorNoDevice;
  expect_closed("no device", "no CUDA device: no CUDA-capable device is detected (100)");
  faults = {};
  faults.device_count = cudaErrorInsufficientDriver;
  faults.driver = 11040;
  expect_closed("old driver",
                "the CUDA driver is too old: it runs CUDA 11.4, this library was built for CUDA "
                "13.0");
  faults.driver = 0;
  expect_closed("no driver", "no CUDA device: there is no driver for one; this library was built for CUDA "
                "13.0");
  faults = {};
  faults.code = cudaErrorNoKernelImageForDevice;
  expect_closed("another architecture", "CUDA device 0 is an sm_90, this library was built for");
  faults = {};
}

// The number of a variant of sparse_conv: how many names stand before its own.
int32_t variant_called(const char* name) {
  char text[512];
  vmk_variants("sparse_conv", text, sizeof text);
  const std::string names = std::string(",") + text + ',';
  const auto at = names.begin() + static_cast<int64_t>(names.find(std::string(",") + name + ','));
  return static_cast<int32_t>(std::count(names.begin(), at, ','));
}

// A convolution of ones by ones over two rows that see each other.
vmk_status convolve_ones(vmk_ctx* ctx, const char* variant, vmk_dtype dtype, uint16_t one,
                         uint16_t (&sums)[16]) {
  const int64_t rows[] = {2, 8}, matrices[] = {2, 8, 8}, offsets[] = {2, 2};
  const int32_t neighbours[] = {0, 1, 1, -1};
  uint16_t ones[128];
  std::fill_n(ones, 128, one);
  vmk_tensor* feats = vmk_tensor_new(ctx, dtype, 2, rows);
  vmk_tensor* weight = vmk_tensor_new(ctx, dtype, 3, matrices);
  vmk_tensor* map = vmk_tensor_new(ctx, VMK_I32, 2, offsets);
  vmk_tensor* out = vmk_tensor_new(ctx, dtype, 2, rows);
  vmk_upload(ctx, feats, ones, 32);
  vmk_upload(ctx, weight, ones, 256);
  vmk_upload(ctx, map, neighbours, sizeof neighbours);
  const vmk_status status = vmk_sparse_conv(
      ctx, variant_called(variant), feats, weight, map, nullptr, nullptr, nullptr, nullptr, nullptr,
      nullptr, nullptr, out, VMK_ACT_NONE, 0);
  if (status == VMK_OK) vmk_download(ctx, sums, out, sizeof sums);
  for (vmk_tensor* tensor : {feats, weight, map, out}) vmk_tensor_free(tensor);
  return status;
}

// GPUs before Hopper: the same library convolves with what they have, and says what they lack.
void test_capabilities() {
  constexpr uint16_t kOne[] = {0x3c00, 0x3f80}, kEight[] = {0x4800, 0x4100},
                     kSixteen[] = {0x4c00, 0x4180};  // f16, bf16
  constexpr vmk_dtype kTypes[] = {VMK_F16, VMK_BF16};
  for (const auto& [capability, shared] : {std::pair{75, 64 << 10}, {80, 163 << 10}}) {
    faults = {};
    faults.capability = capability;
    faults.shared_bytes = shared;
    vmk_ctx* ctx = vmk_ctx_new(0, 0);
    uint16_t sums[16];
    for (int t = 0; t < 2; ++t) {
      for (const char* variant : {"implicit", "masked"}) {
        expect_status(variant, convolve_ones(ctx, variant, kTypes[t], kOne[t], sums), VMK_OK);
        if (sums[0] != kSixteen[t] || sums[15] != kEight[t]) expect(variant, "other sums", "16, 8");
      }
      for (const char* variant : {"wgmma", "masked_wgmma"}) {
        expect_status(variant, convolve_ones(ctx, variant, kTypes[t], kOne[t], sums),
                      VMK_UNSUPPORTED);
        expect(variant, last_error(ctx), "it takes f16 or bf16 on an sm_90, this is ");
        expect(variant, last_error(ctx), ("on an sm_" + std::to_string(capability)).c_str());
      }
    }
    vmk_ctx_free(ctx);
  }
  faults = {};
}

// An allocation that fails leaves the context as it was.
void test_memory() {
  faults = {};
  faults.device_bytes = 1 << 24;
  vmk_ctx* ctx = vmk_ctx_new(0, 0);
  const int64_t large[] = {1 << 23}, small[] = {16};
  if (vmk_tensor_new(ctx, VMK_F32, 1, large)) expect("large", "a tensor", "none");
  expect("large", last_error(ctx), "Cannot allocate 33554432 bytes: the device has 16777216, of "
         "which ");
  expect_status("reserve", vmk_reserve(ctx, int64_t{1} << 40), VMK_OUT_OF_MEMORY);
  vmk_tensor* tensor = vmk_tensor_new(ctx, VMK_F32, 1, small);
  if (!tensor) expect("small", last_error(ctx), "a tensor");
  expect_status("after it", vmk_sync(ctx), VMK_OK);
  vmk_tensor_free(tensor);
  vmk_ctx_free(ctx);
  faults = {};
}

// The scratch of an op does not fit either: the op fails, the context stays.
void test_scratch() {
  faults = {};
  vmk_ctx* ctx = vmk_ctx_new(0, 0);
  const int64_t coords_shape[] = {4096, 4}, map_shape[] = {1, 4096};
  vmk_tensor* coords = vmk_tensor_new(ctx, VMK_I32, 2, coords_shape);
  vmk_tensor* map = vmk_tensor_new(ctx, VMK_I32, 2, map_shape);
  const int32_t geometry[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  static const int32_t zeros[4096 * 4] = {};
  vmk_upload(ctx, coords, zeros, sizeof zeros);
  faults.device_bytes = 4096 * 4 * 6;
  expect_status("scratch", vmk_kernel_map(ctx, 0, coords, coords, map, geometry),
                VMK_OUT_OF_MEMORY);
  expect("scratch", last_error(ctx), "Cannot allocate ");
  faults = {};
  expect_status("more memory", vmk_kernel_map(ctx, 0, coords, coords, map, geometry), VMK_OK);
  expect_status("more memory", vmk_sync(ctx), VMK_OK);
  vmk_tensor_free(coords);
  vmk_tensor_free(map);
  vmk_ctx_free(ctx);
}

// A driver that cannot capture what a plan queues: its calls are made one after the other.
void test_capture() {
  faults = {};
  vmk_ctx* ctx = vmk_ctx_new(0, 0);
  const int64_t shape[] = {2, 2};
  const float zeros[4] = {};
  float back[4];
  vmk_tensor* x = vmk_tensor_new(ctx, VMK_F32, 2, shape);
  vmk_tensor* out = vmk_tensor_new(ctx, VMK_F32, 2, shape);
  vmk_upload(ctx, x, zeros, sizeof zeros);
  vmk_plan* plan = vmk_plan_begin(ctx);
  expect_status("record", vmk_softmax(ctx, 0, x, out), VMK_OK);
  expect_status("record", vmk_plan_end(ctx, plan), VMK_OK);
  vmk_upload(ctx, out, zeros, sizeof zeros);
  faults.capture = cudaErrorStreamCaptureUnsupported;
  expect_status("plain", vmk_plan_run(ctx, plan), VMK_OK);
  expect_status("plain", vmk_download(ctx, back, out, sizeof back), VMK_OK);
  if (back[3] != 0.5f) expect("plain", "another value", "0.5");
  char text[256];
  vmk_plan_info(plan, text, sizeof text);
  expect("plain", text, "steps: 1\nreplay: plain\nwhy: Cannot capture a graph: operation not "
         "permitted");
  vmk_tensor_free(x);
  vmk_tensor_free(out);
  vmk_plan_free(plan);
  vmk_ctx_free(ctx);
  faults = {};
}

// A kernel faults while the host goes on: the next call that waits names what was queued, and from
// then on the context says that it is dead. Freeing still works.
void test_late_fault() {
  faults = {};
  vmk_ctx* ctx = vmk_ctx_new(0, 0);
  const int64_t shape[] = {64, 4};
  vmk_tensor* x = vmk_tensor_new(ctx, VMK_F32, 2, shape);
  vmk_tensor* out = vmk_tensor_new(ctx, VMK_F32, 2, shape);
  static const float zeros[256] = {};
  vmk_upload(ctx, x, zeros, sizeof zeros);
  expect_status("before", vmk_softmax(ctx, 0, x, out), VMK_OK);
  expect_status("before", vmk_sync(ctx), VMK_OK);
  faults.launches_to_fault = 1;
  vmk_softmax(ctx, 0, x, out);
  expect_status("late fault", vmk_sync(ctx), VMK_DEVICE_ERROR);
  expect("late fault", last_error(ctx), "an illegal memory access was encountered (700)");
  expect("late fault", last_error(ctx), "kernels queued last: softmax_rows");
  expect_status("dead", vmk_softmax(ctx, 0, x, out), VMK_DEVICE_ERROR);
  expect("dead", last_error(ctx), "the context is dead");
  float back[256];
  expect_status("dead", vmk_download(ctx, back, out, sizeof back), VMK_DEVICE_ERROR);
  if (vmk_tensor_new(ctx, VMK_F32, 2, shape)) expect("dead", "a tensor", "none");
  vmk_tensor_free(x);
  vmk_tensor_free(out);
  vmk_ctx_free(ctx);
  expect_closed("after a fault", "a kernel failed in this process, only a new one can use it");
  faults = {};
}

}  // namespace

int main() {
  test_opening();
  test_capabilities();
  test_memory();
  test_scratch();
  test_capture();
  test_late_fault();
  std::printf(failures ? "%d failures\n" : "ok\n", failures);
  return failures > 0;
}
