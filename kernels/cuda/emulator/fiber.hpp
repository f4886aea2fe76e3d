#pragma once
// Stacks to switch between. ucontext makes them; later switches go through setjmp, which makes no
// system call.
#include <setjmp.h>
#include <ucontext.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

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

// Fibers of one body, made when needed and used again.
class FiberPool {
 public:
  explicit FiberPool(void (*body)()) : body_(body) {}
  Fiber* take();
  void give_back(Fiber* fiber) { idle_.push_back(fiber); }
  // Takes all of them back, also those that were abandoned in the middle of something.
  void restart();

 private:
  void (*body_)();
  std::vector<std::unique_ptr<Fiber>> all_;
  std::vector<Fiber*> idle_;
};

}  // namespace vmk::emulator
