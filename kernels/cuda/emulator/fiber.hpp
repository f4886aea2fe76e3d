#pragma once
// Stacks to switch between. ucontext makes them; later switches go through setjmp, which makes no
// system call.
#include <setjmp.h>
#include <ucontext.h>

#include <cstddef>
#include <cstdint>

namespace vmk::emulator {

class Fiber {
 public:
  static constexpr size_t kStackBytes = 128 << 10;

  // body runs on the fiber's own stack and must never return.
  explicit Fiber(void (*body)());
  ~Fiber();
  Fiber(const Fiber&) = delete;

  // Called by the scheduler: runs the fiber until it leaves.
  void enter();
  // Called on a fiber: goes back to the scheduler; enter() continues here.
  void leave();
  // Called on a fiber that is not to be continued; the scheduler calls restart() afterwards.
  [[noreturn]] static void abandon();
  void restart();

  uintptr_t stack() const { return low_; }

 private:
  void (*body_)();
  uintptr_t low_ = 0;
  bool fresh_ = true;
  ucontext_t context_;
  jmp_buf here_;
};

}  // namespace vmk::emulator
