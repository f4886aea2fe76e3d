#pragma once
// Random tensors for the fuzz tests, and what they count as a failure.
#include <cstdio>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

#include "voxmark.h"

class Fuzz {
 public:
  Fuzz(vmk_ctx* ctx, unsigned seed) : ctx_(ctx), random_(seed) {}

  int rounds(int count) {
    for (int i = 0; i < count; ++i) {
      if (below(3) == 0)
        call_planned();
      else
        call();
      for (vmk_tensor* tensor : made_) vmk_tensor_free(tensor);
      made_.clear();
    }
    return failures_;
  }

 private:
  int64_t below(int64_t n) { return std::uniform_int_distribution<int64_t>(0, n - 1)(random_); }
  bool rarely() { return below(12) == 0; }

  // Sizes that fit together come from a small set, so that many calls get past the checks.
  int64_t size() {
    static constexpr int64_t kSizes[] = {0, 1, 2, 3, 4, 5, 8, 9, 16, 17, 27, 33, 64, 100};
    return rarely() ? kSizes[below(14)] : n_;
  }

  int32_t number() {
    if (rarely()) return static_cast<int32_t>(random_());
    return static_cast<int32_t>(below(9)) - 1;
  }

  // Of features: f32 most of the time.
  vmk_dtype feature() {
    static constexpr vmk_dtype kTypes[] = {VMK_F32, VMK_F32, VMK_BF16, VMK_F16};
    return kTypes[below(4)];
  }
  // What an op that sums `dtype` may write.
  vmk_dtype sums_of(vmk_dtype dtype) { return below(2) ? dtype : VMK_F32; }

  static size_t width_of(vmk_dtype dtype) {
    switch (dtype) {
      case VMK_F64: case VMK_I64: return 8;
      case VMK_BF16: case VMK_F16: return 2;
      case VMK_I8: case VMK_U8: return 1;
      default: return 4;
    }
  }

  void fill(std::vector<char>& bytes, vmk_dtype dtype, size_t at) {
    if (dtype == VMK_I32) {
      const int32_t v = number();
      std::memcpy(&bytes[at], &v, 4);
    } else if (dtype == VMK_I64) {
      const int64_t v = number();
      std::memcpy(&bytes[at], &v, 8);
    } else if (dtype == VMK_I8) {
      bytes[at] = static_cast<char>(random_());
    } else if (dtype == VMK_BF16 || dtype == VMK_F16) {
      const auto v = static_cast<uint16_t>(rarely() ? random_() : 0x3c00 + below(64));
      std::memcpy(&bytes[at], &v, 2);
    } else {
      const float v = (rarely() ? 1e30f : 1.0f) * static_cast<float>(number());
      std::memcpy(&bytes[at], &v, 4);
    }
  }

  vmk_tensor* tensor(vmk_dtype dtype, std::vector<int64_t> shape) {
    if (rarely()) return nullptr;
    if (rarely()) dtype = static_cast<vmk_dtype>(below(5));
    if (rarely()) shape.push_back(1);
    const auto ndim = static_cast<int32_t>(shape.size());
    vmk_tensor* made = vmk_tensor_new(ctx_, dtype, ndim, shape.data());
    if (!made) return nullptr;
    made_.push_back(made);
    const size_t width = width_of(dtype);
    size_t count = 1;
    for (int64_t n : shape) count *= static_cast<size_t>(n);
    std::vector<char> bytes(count * width + 8);
    for (size_t i = 0; i < count; ++i) fill(bytes, dtype, i * width);
    vmk_upload(ctx_, made, bytes.data(), static_cast<int64_t>(count * width));
    return made;
  }

  void ended(vmk_status status, const char* op) {
    char text[512] = "";
    if (status == VMK_OK) return;
    vmk_last_error(ctx_, text, sizeof text);
    if (text[0] && status > 0 && status <= VMK_CAPACITY && status != VMK_INTERNAL) return;
    std::printf("FAILED: %s gave status %d and the text \"%s\"\n", op, status, text);
    ++failures_;
  }

  void call();
  void call_planned();
  void call_voxels(int64_t op, int32_t variant);
  void call_maps(int64_t op, int32_t variant);
  void call_strided(int32_t variant);
  void call_network(int32_t variant);
  std::pair<vmk_tensor*, vmk_tensor*> order_of(const vmk_tensor* map);
  void call_features(int64_t op, int32_t variant);
  void call_bev(int64_t op, int32_t variant);
  void call_dense(int64_t op, int32_t variant);
  void call_gradients(int64_t op, int32_t variant);
  void call_int8(int32_t variant);
  void call_attention(int64_t op, int32_t variant);
  void call_weights(int64_t op, int32_t variant);

  vmk_ctx* ctx_;
  std::mt19937 random_;
  std::vector<vmk_tensor*> made_;
  int64_t n_ = 0;
  int failures_ = 0;
};
