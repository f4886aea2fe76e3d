#include "fiber.hpp"

#include <sys/mman.h>

#include <new>

namespace vmk::emulator {

namespace {

constexpr size_t kGuardBytes = 16 << 10;  // below the stack: running over faults at once

jmp_buf scheduler;  // one launch runs at a time

}  // namespace

Fiber::Fiber(void (*body)()) : body_(body) {
  void* memory = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  mprotect(memory, kGuardBytes, PROT_NONE);
  low_ = reinterpret_cast<uintptr_t>(memory) + kGuardBytes;
  restart();
}

Fiber::~Fiber() { munmap(reinterpret_cast<void*>(low_ - kGuardBytes), kGuardBytes + kStackBytes); }

void Fiber::restart() {
  getcontext(&context_);
  context_.uc_stack.ss_sp = reinterpret_cast<void*>(low_);
  context_.uc_stack.ss_size = kStackBytes;
  context_.uc_link = nullptr;
  makecontext(&context_, body_, 0);
  fresh_ = true;
}

void Fiber::enter() {
  if (_setjmp(scheduler)) return;
  if (!fresh_) _longjmp(here_, 1);
  fresh_ = false;
  setcontext(&context_);
}

void Fiber::leave() {
  if (!_setjmp(here_)) _longjmp(scheduler, 1);
}

void Fiber::abandon() { _longjmp(scheduler, 1); }

Fiber* FiberPool::take() {
  if (idle_.empty()) {
    all_.push_back(std::make_unique<Fiber>(body_));
    return all_.back().get();
  }
  Fiber* fiber = idle_.back();
  idle_.pop_back();
  return fiber;
}

void FiberPool::restart() {
  idle_.clear();
  for (const auto& fiber : all_) {
    fiber->restart();
    idle_.push_back(fiber.get());
  }
}

}  // namespace vmk::emulator
