#include "arena.hpp"

#include <algorithm>
#include <numeric>

#include "internal.hpp"
#ifdef VMK_EMULATED
#include "scratch_bounds.hpp"
#else
// On a device the arrays of an op lie side by side unguarded; the emulator checks their borders.
namespace vmk::emulator {
inline void confine(const void*) {}
inline void permit(const void*, int64_t) {}
inline void forbid_all(const void*) {}
}  // namespace vmk::emulator
#endif

namespace vmk {

namespace {

constexpr int64_t kAlign = 256;

int64_t aligned(int64_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

}  // namespace

bool has_pools(int device) {
  int pools = 0;
  cudaDeviceGetAttribute(&pools, cudaDevAttrMemoryPoolsSupported, device);
  return pools != 0;
}

void* allocate(int64_t bytes, cudaStream_t stream, bool pooled) {
  if (bytes == 0) return nullptr;
  void* data = nullptr;
  const auto size = static_cast<size_t>(bytes);
  const cudaError_t error =
      pooled ? cudaMallocAsync(&data, size, stream) : cudaMalloc(&data, size);
  if (error == cudaSuccess) return data;
  cudaGetLastError();  // takes the error off the runtime: a lack of memory is not fatal
  if (error != cudaErrorMemoryAllocation)
    fail(VMK_DEVICE_ERROR, "Cannot allocate %lld bytes: %s (%d)", static_cast<long long>(bytes),
         cudaGetErrorString(error), static_cast<int>(error));
  size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  fail(VMK_OUT_OF_MEMORY, "Cannot allocate %lld bytes: the device has %lld, of which %lld are free",
       static_cast<long long>(bytes), static_cast<long long>(total), static_cast<long long>(free));
}

void deallocate(void* data, cudaStream_t stream, bool pooled) noexcept {
  if (!data) return;
  if (pooled) {
    cudaFreeAsync(data, stream);
  } else {
    cudaFree(data);  // waits for the device
  }
}

void Arena::open(cudaStream_t stream, bool pooled) {
  stream_ = stream;
  pooled_ = pooled;
}

void Arena::close() noexcept {
  for (const Chunk& chunk : chunks_) deallocate(chunk.data, stream_, pooled_);
  chunks_.clear();
  used_ = 0;
}

void Arena::add(int64_t bytes) {
  if (pinned_) fail(VMK_INTERNAL, "Cannot capture a graph: the scratch arena has to grow");
  ++moves_;
  auto* data = static_cast<char*>(allocate(bytes, stream_, pooled_));
  emulator::confine(data);
  chunks_.push_back({data, bytes});
  used_ = 0;
}

void* Arena::take(int64_t bytes) {
  if (bytes == 0) return nullptr;
  const int64_t size = aligned(bytes);
  if (chunks_.empty() || used_ + size > chunks_.back().bytes) add(std::max(size, int64_t{1} << 20));
  char* data = chunks_.back().data + used_;
  used_ += size;
  emulator::permit(data, bytes);
  return data;
}

void Arena::reserve(int64_t bytes) {
  if (bytes <= capacity()) return;
  close();
  add(aligned(bytes));
}

int64_t Arena::capacity() const {
  return std::accumulate(chunks_.begin(), chunks_.end(), int64_t{0},
                         [](int64_t sum, const Chunk& chunk) { return sum + chunk.bytes; });
}

// An op that outgrew the arena left several chunks; one of their total size serves it next time.
void Arena::rewind() noexcept {
  if (chunks_.size() > 1) {
    const int64_t total = capacity();
    close();
    try {
      add(total);
    } catch (const Error&) {
      return;  // the arena is empty now and grows again when needed
    }
  }
  used_ = 0;
  if (!chunks_.empty()) emulator::forbid_all(chunks_.back().data);
}

}  // namespace vmk
