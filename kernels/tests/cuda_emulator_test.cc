// Tests of the CUDA emulator itself: kernels with one mistake each must be stopped with a text that
// names it, the same kernels without the mistake must run and compute the right thing. Compiled
// with the flags of the sources of cuda/ and linked with cuda/emulator/*.cc.
#include <cuda_runtime.h>

#include <cstdio>
#include <string>
#include <vector>

#include "launch.hpp"
#include "scratch_bounds.hpp"

int test_matrices();    // cuda_matrix_test.cc
int test_warpgroups();  // cuda_wgmma_test.cc

namespace {

constexpr int kThreads = 64;
int failures = 0;

// ---- kernels ----

void copy_shifted(const int* from, int* to, int shift) {
  to[threadIdx.x] = from[static_cast<int>(threadIdx.x) + shift];
}

void reverse_block(const int* from, int* to, bool barrier) {
  __shared__ int values[kThreads];
  values[threadIdx.x] = from[threadIdx.x];
  if (barrier) __syncthreads();
  to[threadIdx.x] = values[blockDim.x - 1 - threadIdx.x];
}

// Passes values to the next lane, or to the next warp.
void pass_on(int* to, int by) {
  __shared__ int values[kThreads];
  values[threadIdx.x] = static_cast<int>(threadIdx.x);
  __syncwarp();
  const unsigned from = (threadIdx.x + static_cast<unsigned>(by)) % blockDim.x;
  if (by >= 32 || threadIdx.x % 32 < 31) to[threadIdx.x] = values[from];
}

void write_halves(unsigned short* to) {
  __shared__ unsigned short halves[kThreads];
  halves[threadIdx.x] = static_cast<unsigned short>(threadIdx.x);
  to[threadIdx.x] = halves[threadIdx.x];
}

void read_unwritten_shared(int* to) {
  __shared__ int values[kThreads];
  if (threadIdx.x > 0) values[threadIdx.x] = 1;
  to[threadIdx.x] = values[threadIdx.x];
}

void write_all_blocks(int* to, bool atomic) {
  if (atomic) {
    atomicAdd(to, 1);
  } else {
    *to = static_cast<int>(blockIdx.x);
  }
}

void sum_lanes(int* to) {
  int sum = static_cast<int>(threadIdx.x);
  for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
  const unsigned odd = __ballot_sync(~0u, threadIdx.x % 2);
  if (threadIdx.x % 32 == 0) to[threadIdx.x / 32] = sum + __popc(odd) * 1000;
}

void wait_for_ended_lanes(int* to) {
  if (threadIdx.x % 2) return;
  __syncwarp();
  to[threadIdx.x] = 1;
}

void wait_apart(int* to) {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  to[threadIdx.x] = 1;
}

void wait_crosswise(int* to) {
  if (threadIdx.x < 16) {
    __syncwarp(0xffff);
    __syncthreads();
  } else if (threadIdx.x < 32) {
    __syncwarp();
  }
  to[threadIdx.x] = 1;
}

void read_vector(const float* from, float* to, int shift) {
  const float4 four = *reinterpret_cast<const float4*>(from + shift);
  *reinterpret_cast<float4*>(to) = four;
}

// ---- the harness ----

struct Buffer {
  void* data = nullptr;
  explicit Buffer(size_t bytes) { cudaMalloc(&data, bytes); }
  ~Buffer() { cudaFree(data); }
  Buffer(const Buffer&) = delete;
  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
};

template <class... P, class... A>
std::string run(int blocks, void (*kernel)(P...), A... arguments) {
  vmk::emulator::launch("kernel", blocks, kThreads, 0, kernel, arguments...);
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? "" : cudaGetErrorString(error);
}

// "" as expected text stands for a kernel that must run through.
void expect(const char* test, const std::string& found, const char* expected) {
  const bool ok = *expected ? found.find(expected) != std::string::npos : found.empty();
  if (ok) return;
  ++failures;
  std::fprintf(stderr, "%s: \"%s\", expected \"%s\"\n", test, found.c_str(), expected);
}

void expect_values(const char* test, const int* found, const std::vector<int>& expected) {
  for (size_t i = 0; i < expected.size(); ++i) {
    if (found[i] == expected[i]) continue;
    ++failures;
    std::fprintf(stderr, "%s: [%zu] is %d, expected %d\n", test, i, found[i], expected[i]);
    return;
  }
}

std::vector<int> counting(int from, int step) {
  std::vector<int> values(kThreads);
  for (int i = 0; i < kThreads; ++i) values[static_cast<size_t>(i)] = from + i * step;
  return values;
}

void upload(const Buffer& buffer, const std::vector<int>& values) {
  cudaMemcpyAsync(buffer.data, values.data(), values.size() * sizeof(int), cudaMemcpyHostToDevice,
                  nullptr);
}

void test_bounds() {
  const Buffer from(kThreads * sizeof(int)), to(kThreads * sizeof(int));
  expect("unwritten global memory", run(1, copy_shifted, from.as<int>(), to.as<int>(), 0),
         "that nothing has written");
  upload(from, counting(0, 1));
  expect("in bounds", run(1, copy_shifted, from.as<int>(), to.as<int>(), 0), "");
  expect_values("in bounds", to.as<int>(), counting(0, 1));
  expect("behind the end", run(1, copy_shifted, from.as<int>(), to.as<int>(), 1),
         "reads 4 bytes at offset 256 of an allocation of 256 bytes");
  std::vector<int> host(kThreads);
  expect("host memory", run(1, copy_shifted, host.data(), to.as<int>(), 0), "reads 4 bytes");
  expect("vector", run(1, read_vector, from.as<float>(), to.as<float>(), 4), "writes 4 bytes");
}

void test_alignment() {
  const Buffer from(64), to(64);
  upload(from, std::vector<int>(16));
  vmk::emulator::launch("kernel", 1, 1, 0, read_vector, from.as<float>(), to.as<float>(), 4);
  expect("aligned", cudaGetLastError() == cudaSuccess ? "" : "failed", "");
}

void test_scratch() {
  const Buffer arena(4096), to(kThreads * sizeof(int));
  vmk::emulator::confine(arena.data);
  vmk::emulator::permit(arena.data, kThreads * sizeof(int));
  upload(arena, counting(0, 1));
  expect("permitted", run(1, copy_shifted, arena.as<int>(), to.as<int>(), 0), "");
  expect("behind a scratch array", run(1, copy_shifted, arena.as<int>(), to.as<int>(), 1),
         "reads 4 bytes at offset 256");
  vmk::emulator::forbid_all(arena.data);
  expect("given back", run(1, copy_shifted, arena.as<int>(), to.as<int>(), 0),
         "reads 4 bytes at offset 0");
}

void test_races() {
  const Buffer from(kThreads * sizeof(int)), to(kThreads * sizeof(int));
  upload(from, counting(0, 1));
  expect("barrier", run(3, reverse_block, from.as<int>(), to.as<int>(), true), "race: writes");
  expect("one block", run(1, reverse_block, from.as<int>(), to.as<int>(), true), "");
  expect_values("barrier", to.as<int>(), counting(kThreads - 1, -1));
  // Without the barrier the first thread reads what the last has not written yet.
  expect("no barrier", run(1, reverse_block, from.as<int>(), to.as<int>(), false),
         "shared memory");
  expect("next lane", run(1, pass_on, to.as<int>(), 1), "");
  expect("next warp", run(1, pass_on, to.as<int>(), 32), "race: reads 4 bytes");
  expect("halves of a word", run(1, write_halves, to.as<unsigned short>()), "");
  expect("unwritten shared memory", run(1, read_unwritten_shared, to.as<int>()),
         "of shared memory that nothing has written");
}

void test_blocks() {
  const Buffer to(sizeof(int));
  upload(to, {0});
  expect("blocks race", run(2, write_all_blocks, to.as<int>(), false), "race: writes");
  upload(to, {0});
  expect("blocks add", run(2, write_all_blocks, to.as<int>(), true), "");
  expect_values("blocks add", to.as<int>(), {2 * kThreads});
}

void test_waiting() {
  const Buffer to(kThreads * sizeof(int));
  expect("lanes", run(1, sum_lanes, to.as<int>()), "");
  expect_values("lanes", to.as<int>(), {496 + 16000, 496 + 1024 + 16000});
  expect("ended lanes", run(1, wait_for_ended_lanes, to.as<int>()), "which has ended");
  expect("two barriers", run(1, wait_apart, to.as<int>()), "wait at different barriers");
  expect("crosswise", run(1, wait_crosswise, to.as<int>()), "wait for each other");
  expect("after failures", run(1, sum_lanes, to.as<int>()), "");
  expect_values("after failures", to.as<int>(), {496 + 16000});
}

}  // namespace

int main() {
  test_bounds();
  test_alignment();
  test_scratch();
  test_races();
  test_blocks();
  test_waiting();
  failures += test_matrices();
  failures += test_warpgroups();
  std::printf(failures ? "%d failures\n" : "ok\n", failures);
  return failures > 0;
}
