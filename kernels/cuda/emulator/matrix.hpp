#pragma once
// The matrix vocabulary of cuda/mma.cuh on the host: asynchronous copies to shared memory, loads of
// 8 x 8 matrices, products of fragments.
#include "scheduler.hpp"

namespace vmk::emulator {

// Copies `there` of `bytes` bytes and fills the rest with zeros, in the background: the target
// holds NaNs until the thread has waited, and counts as written at both ends of that time.
void copy_async(void* to, const void* from, int bytes, int there);
void commit_copies();
// Until at most `left` of the committed groups are under way.
void wait_copies(int left);

// Four 8 x 8 matrices of 16-bit elements; the lanes' rows are theirs in order.
void load_matrices(uint32_t (&to)[4], const void* row, bool transposed, Site site);

// sum += a * b of m16n8k16 (16-bit elements) or m16n8k8 (tf32).
enum class Product { kF16, kBf16, kTf32 };
// A 16-bit element.
float value_of(uint16_t bits, Product product);
void multiply(float (&sum)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], Product product,
              Site site);

}  // namespace vmk::emulator
