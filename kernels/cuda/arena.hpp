#pragma once
// The scratch arena: ops take arrays from it and end_op gives all of them back. It grows on first
// use and stays, so a repeated op allocates nothing. Memory is freed and allocated on the stream:
// kernels still queued keep what they use.
#include <cuda_runtime.h>

#include <cstdint>
#include <vector>

namespace vmk {

class Arena {
 public:
  void open(cudaStream_t stream, bool pooled);
  void close() noexcept;
  // 256-byte aligned; nullptr for 0 bytes. Throws Error when the device has no room.
  void* take(int64_t bytes);
  void reserve(int64_t bytes);
  void rewind() noexcept;
  int64_t capacity() const;
  // A pinned arena fails where it would have to grow: a graph is being made of its addresses.
  void pin(bool pinned) { pinned_ = pinned; }
  // Times its memory has become another.
  int64_t moves() const { return moves_; }

 private:
  struct Chunk {
    char* data;
    int64_t bytes;
  };
  void add(int64_t bytes);

  cudaStream_t stream_ = nullptr;
  bool pooled_ = false, pinned_ = false;
  int64_t moves_ = 0;
  std::vector<Chunk> chunks_;  // all but the last are full
  int64_t used_ = 0;           // of the last chunk
};

// Memory of the current device, ordered on the stream where the device has memory pools. Throws an
// Error that gives the size asked for and what is free.
void* allocate(int64_t bytes, cudaStream_t stream, bool pooled);
void deallocate(void* data, cudaStream_t stream, bool pooled) noexcept;
// Whether the device has stream-ordered memory pools.
bool has_pools(int device);

}  // namespace vmk
