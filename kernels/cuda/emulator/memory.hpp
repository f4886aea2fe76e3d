#pragma once
// Device memory and the checks of every access that kernels make to it: bounds, memory that nothing
// has written, and races (two threads at one word with nothing between them that orders them, one
// of them writing). Kernels are compiled with -fsanitize=thread, which puts a call before every
// access; the calls end here instead of in that sanitizer's library (hooks.cc).
#include <cstddef>
#include <cstdint>

namespace vmk::emulator {

enum class Access { kRead, kWrite, kAtomic };

// Called before an access of the fiber that runs; stops the launch when it is wrong.
void check_access(const void* address, size_t bytes, Access access);
// Before products or bulk copies (the asynchronous proxy) access shared memory on behalf of the
// fiber that runs: what was written there came before, and was published by who wrote it.
void check_published(const void* address, size_t bytes, Access access);
// A bulk copy has written to shared memory.
void stamp_copy(const void* address, size_t bytes, int16_t copier, uint32_t epoch);

void* allocate_region(size_t bytes);
bool free_region(void* data);
size_t allocated_bytes();

// Shared memory that a launch asks for by size: it is there while the object is.
class SharedRegion {
 public:
  explicit SharedRegion(size_t bytes);
  ~SharedRegion();
  SharedRegion(const SharedRegion&) = delete;
  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
};

// For what the host does to device memory: false when it is not all inside one allocation.
bool is_allocated(const void* data, size_t bytes);
bool host_writes(void* data, size_t bytes);

}  // namespace vmk::emulator
