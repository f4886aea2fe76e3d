// The functions that -fsanitize=thread makes g++ call before every access. Host code in the same
// files is instrumented too and passes through.
#include "memory.hpp"
#include "scheduler.hpp"

namespace {

using vmk::emulator::Access;

void check(const void* address, size_t bytes, Access access) {
  using namespace vmk::emulator;
  if (!checking || reinterpret_cast<uintptr_t>(address) - now.stack < now.stack_bytes) return;
  checking = false;
  check_access(address, bytes, access);
  checking = true;
}

}  // namespace

extern "C" {

void __tsan_init() {}

#define VMK_HOOKS(bytes)                                                                       \
  void __tsan_read##bytes(void* at) { check(at, bytes, Access::kRead); }                       \
  void __tsan_write##bytes(void* at) { check(at, bytes, Access::kWrite); }                     \
  void __tsan_unaligned_read##bytes(const void* at) { check(at, bytes, Access::kRead); }       \
  void __tsan_unaligned_write##bytes(void* at) { check(at, bytes, Access::kWrite); }           \
  void __tsan_volatile_read##bytes(void* at) { check(at, bytes, Access::kRead); }              \
  void __tsan_volatile_write##bytes(void* at) { check(at, bytes, Access::kWrite); }
VMK_HOOKS(1)
VMK_HOOKS(2)
VMK_HOOKS(4)
VMK_HOOKS(8)
VMK_HOOKS(16)
#undef VMK_HOOKS

void __tsan_read_range(void* at, unsigned long bytes) { check(at, bytes, Access::kRead); }
void __tsan_write_range(void* at, unsigned long bytes) { check(at, bytes, Access::kWrite); }
void __tsan_vptr_update(void**, void*) {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}

}  // extern "C"
