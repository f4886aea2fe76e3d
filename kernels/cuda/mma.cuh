#pragma once
// The instructions that convolutions on tensor cores are made of, each behind one function, so that
// the same sources run under the emulator: copies from device to shared memory in the background,
// loads of 8 x 8 matrices, products of fragments, and the 16-bit types.
//
// Fragments (lane l, g = l / 4, t = l % 4), as PTX defines them:
//   a   16 rows x 32 bytes: a[0] row g, a[1] row g + 8, 4 bytes at byte 4 t; a[2], a[3] the same
//       rows at byte 16 + 4 t
//   b   32 bytes x 8 columns: b[0] column g at byte 4 t, b[1] at byte 16 + 4 t
//   sum sum[0], sum[1]: row g, columns 2 t, 2 t + 1; sum[2], sum[3]: row g + 8
#include "common.cuh"
#ifdef VMK_EMULATED
#include "matrix.hpp"
#endif

namespace vmk {

// ---- types ----

struct F16 {
  uint16_t bits;
};
struct Bf16 {
  uint16_t bits;
};
// f32 in memory, rounded to 10 bits of mantissa where it is multiplied.
struct Tf32 {
  float value;
};

__device__ inline float to_float(float value) { return value; }
__device__ inline float to_float(Tf32 value) { return value.value; }
__device__ inline float to_float(Bf16 value) {
  return __int_as_float(static_cast<int>(static_cast<uint32_t>(value.bits) << 16));
}
__device__ inline float to_float(F16 value) {
#ifdef VMK_EMULATED
  return static_cast<float>(std::bit_cast<_Float16>(value.bits));
#else
  float wide;
  asm("cvt.f32.f16 %0, %1;" : "=f"(wide) : "h"(value.bits));
  return wide;
#endif
}

// To the nearest, ties to even; NaN stays NaN.
__device__ inline void from_float(float value, float& to) { to = value; }
__device__ inline void from_float(float value, Tf32& to) { to.value = value; }
__device__ inline void from_float(float value, Bf16& to) {
  const auto bits = static_cast<uint32_t>(__float_as_int(value));
  const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  const bool nan = (bits & 0x7fffffff) > 0x7f800000;
  to.bits = static_cast<uint16_t>(nan ? bits >> 16 | 0x40 : rounded);
}
__device__ inline void from_float(float value, F16& to) {
#ifdef VMK_EMULATED
  to.bits = std::bit_cast<uint16_t>(static_cast<_Float16>(value));
#else
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(to.bits) : "f"(value));
#endif
}

// kCount elements that are loaded and stored at once.
template <class Element, int kCount>
struct __align__(sizeof(Element) * kCount) Pack {
  Element at[kCount];
};

// Calls use(element) with a value of the element type of dtype.
template <class Use>
void with_element(vmk_dtype dtype, Use&& use) {
  if (dtype == VMK_F16) return use(F16{});
  if (dtype == VMK_BF16) return use(Bf16{});
  use(0.0f);
}

// ---- copies to shared memory ----

#ifndef VMK_EMULATED
__device__ inline uint32_t shared_address(const void* at) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(at));
}
#endif

// 16 bytes from device memory, or zeros. GPUs before sm_80 do it at once.
__device__ inline void copy_16(void* to, const void* from, bool there) {
#ifdef VMK_EMULATED
  emulator::copy_async(to, from, 16, there ? 16 : 0);
#elif __CUDA_ARCH__ >= 800
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(shared_address(to)),
               "l"(from), "r"(there ? 16 : 0)
               : "memory");
#else
  *static_cast<int4*>(to) = there ? *static_cast<const int4*>(from) : make_int4(0, 0, 0, 0);
#endif
}

// Ends a group of copies.
__device__ inline void commit_copies() {
#ifdef VMK_EMULATED
  emulator::commit_copies();
#elif __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

// Until at most kLeft groups of this thread are under way. Others see the data after a barrier.
template <int kLeft>
__device__ inline void wait_copies() {
#ifdef VMK_EMULATED
  emulator::wait_copies(kLeft);
#elif __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(kLeft) : "memory");
#endif
}

// ---- loads and products ----

// Four 8 x 8 matrices of 16-bit elements: lane l names row l % 8 of matrix l / 8.
template <bool kTransposed>
__device__ inline void load_matrices(uint32_t (&to)[4], const void* row) {
#ifdef VMK_EMULATED
  emulator::load_matrices(to, row, kTransposed, emulator::Site::current());
#else
  if constexpr (kTransposed) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(shared_address(row))
                 : "memory");
  } else {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(shared_address(row))
                 : "memory");
  }
#endif
}

// Bits of an f32 rounded to tf32, ties away from zero.
__device__ inline uint32_t tf32_of(uint32_t bits) {
#if !defined(VMK_EMULATED) && __CUDA_ARCH__ >= 800
  uint32_t rounded;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(__int_as_float(static_cast<int>(bits))));
  return rounded;
#else
  const bool finite = (bits & 0x7f800000) != 0x7f800000;
  return finite ? (bits + 0x1000) & 0xffffe000 : bits;
#endif
}

// sum += a * b: 16 x 16 by 16 x 8 of 16-bit elements, 16 x 8 by 8 x 8 of tf32. The types other
// than f16 need sm_80.
template <class Element>
__device__ inline void multiply(float (&sum)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);

#ifdef VMK_EMULATED
template <>
__device__ inline void multiply<F16>(float (&sum)[4], const uint32_t (&a)[4],
                                     const uint32_t (&b)[2]) {
  emulator::multiply(sum, a, b, emulator::Product::kF16, emulator::Site::current());
}
template <>
__device__ inline void multiply<Bf16>(float (&sum)[4], const uint32_t (&a)[4],
                                      const uint32_t (&b)[2]) {
  emulator::multiply(sum, a, b, emulator::Product::kBf16, emulator::Site::current());
}
template <>
__device__ inline void multiply<Tf32>(float (&sum)[4], const uint32_t (&a)[4],
                                      const uint32_t (&b)[2]) {
  emulator::multiply(sum, a, b, emulator::Product::kTf32, emulator::Site::current());
}
#else
#define VMK_MMA(shape)                                                                         \
  asm volatile("mma.sync.aligned." shape                                                       \
               " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"              \
               : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])                        \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
template <>
__device__ inline void multiply<F16>(float (&sum)[4], const uint32_t (&a)[4],
                                     const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  VMK_MMA("m16n8k16.row.col.f32.f16.f16.f32");
#else
#pragma unroll
  for (int half = 0; half < 2; ++half)
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
        "{%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a[half * 2]), "r"(a[half * 2 + 1]), "r"(b[half]));
#endif
}
#if __CUDA_ARCH__ >= 800
template <>
__device__ inline void multiply<Bf16>(float (&sum)[4], const uint32_t (&a)[4],
                                      const uint32_t (&b)[2]) {
  VMK_MMA("m16n8k16.row.col.f32.bf16.bf16.f32");
}
template <>
__device__ inline void multiply<Tf32>(float (&sum)[4], const uint32_t (&a)[4],
                                      const uint32_t (&b)[2]) {
  VMK_MMA("m16n8k8.row.col.f32.tf32.tf32.f32");
}
#else
template <class Element>
__device__ inline void multiply(float (&)[4], const uint32_t (&)[4], const uint32_t (&)[2]) {
  __trap();  // the host never launches these here
}
#endif
#undef VMK_MMA
#endif

}  // namespace vmk
