#pragma once
// The instructions that Hopper's convolutions are made of, each behind one function, so that the
// same sources run under the emulator: barriers in shared memory that count arrivals and bytes,
// bulk copies, products of a warpgroup (128 threads), registers handed from one warpgroup to
// another. For sm_90a alone.
//
// Operands lie in shared memory in the 128-byte swizzled layout, 64 channels of 16 bits a row.
// Eight rows of 128 bytes are a pattern of 1024 bytes, aligned to that, in which the 16-byte
// vectors of a row are permuted by its number (swizzled()).
//
// Sums of a product of 64 rows x N columns: lane l of warp w of the group has, in sum[4 j + i], row
// 16 w + l / 4, and 8 below for i >= 2; column 8 j + 2 (l % 4), and the next for odd i.
#include <type_traits>

#include "mma.cuh"
#ifdef VMK_EMULATED
#include "warpgroup.hpp"
#endif

namespace vmk {

constexpr int kWarpgroup = 128;
constexpr int kSwizzledRow = 64;  // elements

// Where element (row, channel) of an operand is.
__host__ __device__ constexpr int swizzled(int row, int channel) {
  return row * kSwizzledRow + ((channel / 8 ^ row % 8) * 8 + channel % 8);
}

#ifdef VMK_EMULATED
#define VMK_ASM(...)
#define VMK_EMULATE(call) emulator::call
#else
#define VMK_ASM(...) asm volatile(__VA_ARGS__)
#define VMK_EMULATE(call)
#endif

// ---- barriers ----

// A phase ends when so many arrivals have come, and the bytes of all copies that were announced.
__device__ inline void init_barrier(uint64_t* barrier, int arrivals) {
  VMK_EMULATE(init_barrier(barrier, arrivals));
  VMK_ASM("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(arrivals)
          : "memory");
}
// Shows what this thread has initialized to the copies; others see it after a barrier of the block.
__device__ inline void publish_barriers() {
  VMK_EMULATE(publish_barriers());
  VMK_ASM("fence.mbarrier_init.release.cluster;" ::: "memory");
}
__device__ inline void arrive(uint64_t* barrier) {
  VMK_EMULATE(arrive(barrier, emulator::Site::current()));
  VMK_ASM("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
}
// Arrives and announces bytes.
__device__ inline void arrive_expecting(uint64_t* barrier, int bytes) {
  VMK_EMULATE(arrive_expecting(barrier, bytes, emulator::Site::current()));
  VMK_ASM("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)),
          "r"(bytes)
          : "memory");
}
// Until the phase of this parity is over; phases count from 0.
__device__ inline void wait_for(uint64_t* barrier, int parity) {
  VMK_EMULATE(wait_for(barrier, parity, emulator::Site::current()));
  VMK_ASM(
      "{\n"
      ".reg .pred done;\n"
      "again:\n"
      "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
      "@!done bra again;\n"
      "}" ::"r"(shared_address(barrier)),
      "r"(parity)
      : "memory");
}

// ---- copies ----

// Copies a multiple of 16 bytes, both ends aligned to 16, and counts them at the barrier.
__device__ inline void copy_bulk(void* to, const void* from, int bytes, uint64_t* barrier) {
  VMK_EMULATE(copy_bulk(to, from, bytes, barrier, emulator::Site::current()));
  VMK_ASM(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::
          "r"(shared_address(to)),
      "l"(from), "r"(bytes), "r"(shared_address(barrier))
      : "memory");
}
// Shows what this thread has written to shared memory to products and bulk copies, which read it
// another way (the asynchronous proxy) once they are ordered behind it.
__device__ inline void publish_writes() {
  VMK_EMULATE(publish_writes());
  VMK_ASM("fence.proxy.async.shared::cta;" ::: "memory");
}

// ---- products ----

// The operand that begins at `at`: a row of 8 rows x 128 bytes, 1024 bytes from one to the next.
// 16 channels on is 2 more.
__device__ inline uint64_t operand_at(const void* at) {
#ifdef VMK_EMULATED
  const uint64_t address = emulator::shared_address(at);
#else
  const uint64_t address = shared_address(at);
#endif
  return (address & 0x3ffff) >> 4 | uint64_t{1} << 16 | uint64_t{1024 >> 4} << 32 |
         uint64_t{1} << 62;
}

// Before the first product, and after sums were touched.
__device__ inline void begin_products() {
  VMK_EMULATE(begin_products());
  VMK_ASM("wgmma.fence.sync.aligned;" ::: "memory");
}
// Ends a group of products.
__device__ inline void commit_products() {
  VMK_EMULATE(commit_products());
  VMK_ASM("wgmma.commit_group.sync.aligned;" ::: "memory");
}
// Until at most kLeft groups are under way.
template <int kLeft>
__device__ inline void wait_products() {
  VMK_EMULATE(wait_products(kLeft));
  VMK_ASM("wgmma.wait_group.sync.aligned %0;" ::"n"(kLeft) : "memory");
}

// sum[64 x N] += rows[64 x 16] * weight[16 x N] in the background: the sums are there, and the
// operands may be overwritten, once the group of the product was waited for. Both operands have
// their 16 channels side by side, weight too: column by column.
template <class Element, int kSums>
__device__ inline void multiply_group(float (&sum)[kSums], uint64_t rows, uint64_t weight);

#ifdef VMK_EMULATED
template <class Element, int kSums>
__device__ inline void multiply_group(float (&sum)[kSums], uint64_t rows, uint64_t weight) {
  constexpr auto kProduct =
      std::is_same_v<Element, F16> ? emulator::Product::kF16 : emulator::Product::kBf16;
  emulator::multiply_group(sum, kSums * 2, rows, weight, kProduct, emulator::Site::current());
}
#else
#define VMK_16(i)                                                                              \
  "+f"(sum[i]), "+f"(sum[i + 1]), "+f"(sum[i + 2]), "+f"(sum[i + 3]), "+f"(sum[i + 4]),        \
      "+f"(sum[i + 5]), "+f"(sum[i + 6]), "+f"(sum[i + 7]), "+f"(sum[i + 8]),                  \
      "+f"(sum[i + 9]), "+f"(sum[i + 10]), "+f"(sum[i + 11]), "+f"(sum[i + 12]),               \
      "+f"(sum[i + 13]), "+f"(sum[i + 14]), "+f"(sum[i + 15])
#define VMK_32(i) VMK_16(i), VMK_16(i + 16)
#define VMK_NAMES_32                                                                           \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, " \
  "%20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define VMK_NAMES_48                                                                           \
  VMK_NAMES_32 ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, " \
               "%47"
#define VMK_NAMES_64                                                                           \
  VMK_NAMES_48 ", %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, " \
               "%63"
#define VMK_NAMES_128                                                                          \
  VMK_NAMES_64 ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, " \
               "%79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, "   \
               "%94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, "\
               "%108, %109, %110, %111, %112, %113, %114, %115, %116, %117, %118, %119, %120, "\
               "%121, %122, %123, %124, %125, %126, %127"
#define VMK_MULTIPLY(Element, type, columns, sums, names, operands, ...)                       \
  template <>                                                                                  \
  __device__ inline void multiply_group<Element, sums>(float (&sum)[sums], uint64_t rows,      \
                                                       uint64_t weight) {                      \
    asm volatile("{\n.reg .pred whole;\nsetp.eq.b32 whole, 0, 0;\n"                            \
                 "wgmma.mma_async.sync.aligned.m64n" columns "k16.f32." type "." type " {"     \
                 names "}, " operands ", whole, 1, 1, 0, 0;\n}"                                \
                 : __VA_ARGS__                                                                 \
                 : "l"(rows), "l"(weight));                                                    \
  }
#define VMK_MULTIPLY_ALL(Element, type)                                                        \
  VMK_MULTIPLY(Element, type, "64", 32, VMK_NAMES_32, "%32, %33", VMK_32(0))                   \
  VMK_MULTIPLY(Element, type, "96", 48, VMK_NAMES_48, "%48, %49", VMK_32(0), VMK_16(32))       \
  VMK_MULTIPLY(Element, type, "128", 64, VMK_NAMES_64, "%64, %65", VMK_32(0), VMK_32(32))      \
  VMK_MULTIPLY(Element, type, "256", 128, VMK_NAMES_128, "%128, %129", VMK_32(0), VMK_32(32),  \
               VMK_32(64), VMK_32(96))
VMK_MULTIPLY_ALL(F16, "f16")
VMK_MULTIPLY_ALL(Bf16, "bf16")
#undef VMK_MULTIPLY_ALL
#undef VMK_MULTIPLY
#undef VMK_NAMES_128
#undef VMK_NAMES_64
#undef VMK_NAMES_48
#undef VMK_NAMES_32
#undef VMK_32
#undef VMK_16
#endif

// ---- registers ----

// Every warp of a warpgroup calls one of these: a thread then has kCount registers. The block has
// no more than it was launched with.
template <int kCount>
__device__ inline void give_registers() {
  VMK_EMULATE(set_registers(kCount, emulator::Site::current()));
  VMK_ASM("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kCount));
}
template <int kCount>
__device__ inline void take_registers() {
  VMK_EMULATE(set_registers(kCount, emulator::Site::current()));
  VMK_ASM("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kCount));
}

#undef VMK_EMULATE
#undef VMK_ASM

}  // namespace vmk
