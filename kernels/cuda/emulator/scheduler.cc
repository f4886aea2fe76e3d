#include "scheduler.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include "clocks.hpp"
#include "cudart.hpp"
#include "faults.hpp"
#include "fiber.hpp"
#include "memory.hpp"
#include "site.hpp"

namespace vmk::emulator {

Position position;
Moment now;
constinit thread_local bool checking __attribute__((tls_model("initial-exec"))) = false;

namespace {

constexpr int kWarp = 32;

enum class State { kNew, kReady, kAtBlock, kAtSync, kAtVote, kAtShuffle, kAtCollective, kParked,
                   kEnded };

struct Thread {
  State state = State::kNew;
  Fiber* fiber = nullptr;
  unsigned mask = 0;   // of the warp call it waits in
  uint64_t value = 0;  // what it brought; afterwards what it gets
  int source = 0;
  Site site{};
  int barrier = -1;  // in shared memory, that it waits for
  uint32_t phase = 0;
};

struct Launch {
  const char* kernel = nullptr;
  void* shared = nullptr;  // what the launch asked for beside the kernel's own variables
  void (*invoke)(void*) = nullptr;
  void* parameters = nullptr;
  std::vector<Thread> threads;
  std::vector<uint32_t> warp_phases;
  std::deque<int> ready;
  int current = 0, alive = 0, started = 0, at_block = 0;
  std::string stopped;
};

Launch launch;
uint32_t blocks_run = 0;

Thread& running() { return launch.threads[launch.current]; }

void set_position(int thread) {
  const dim3& size = position.block_size;
  const auto t = static_cast<unsigned>(thread);
  position.thread = {t % size.x, t / size.x % size.y, t / size.x / size.y};
}

void make_ready(int thread) {
  launch.threads[thread].state = State::kReady;
  launch.ready.push_back(thread);
}

// Lets the block go on when every thread that has not ended waits at its barrier.
void try_block() {
  if (launch.at_block == 0 || launch.at_block < launch.alive) return;
  uint64_t count = 0;
  const Thread* first = nullptr;
  for (const Thread& thread : launch.threads) {
    if (thread.state != State::kAtBlock) continue;
    if (!first) first = &thread;
    if (!same(first->site, thread.site))
      stop_launch("threads of a block wait at different barriers, %s and %s",
                  where(first->site).c_str(), where(thread.site).c_str());
    count += thread.value;
  }
  launch.at_block = 0;
  ++now.block_phase;
  join_block();
  for (int t = 0; t < static_cast<int>(launch.threads.size()); ++t) {
    if (launch.threads[t].state != State::kAtBlock) continue;
    launch.threads[t].value = count;
    make_ready(t);
  }
}

// The lanes' operands lie on their stacks, which keep until they go on.
void apply_collective(const Thread* lanes) {
  Collective* operands[kWarp];
  for (int l = 0; l < kWarp; ++l) operands[l] = reinterpret_cast<Collective*>(lanes[l].value);
  for (int l = 1; l < kWarp; ++l)
    if (operands[l]->apply != operands[0]->apply)
      stop_launch("lanes of a warp wait in different matrix instructions, at %s and %s",
                  where(lanes[0].site).c_str(), where(lanes[l].site).c_str());
  operands[0]->apply(operands);
}

// Lets the lanes of a mask go on when all of them wait in the same call.
void try_warp(int base, unsigned mask, State call) {
  Thread* lanes = &launch.threads[base];
  const int size = std::min(kWarp, static_cast<int>(launch.threads.size()) - base);
  unsigned ballot = 0;
  for (int l = 0; l < kWarp; ++l) {
    if (!(mask >> l & 1)) continue;
    if (l >= size || lanes[l].state == State::kEnded)
      stop_launch("a warp call waits for lane %d, which has ended or never was", l);
    if (lanes[l].state != call || lanes[l].mask != mask) return;
    ballot |= static_cast<unsigned>(lanes[l].value & 1) << l;
  }
  if (call == State::kAtCollective) apply_collective(lanes);
  uint64_t brought[kWarp];
  for (int l = 0; l < size; ++l) brought[l] = lanes[l].value;
  for (int l = 0; l < size; ++l) {
    if (!(mask >> l & 1)) continue;
    if (call == State::kAtVote) lanes[l].value = ballot;
    if (call == State::kAtShuffle) {
      if (!(mask >> lanes[l].source & 1))
        stop_launch("a shuffle at %s reads lane %d, which is not in its mask",
                    where(lanes[l].site).c_str(), lanes[l].source);
      lanes[l].value = brought[lanes[l].source];
    }
    make_ready(base + l);
  }
  if (call == State::kAtSync) ++launch.warp_phases[base / kWarp];
}

uint64_t wait_in_warp(State call, unsigned mask, uint64_t value, int source, const Site& site) {
  const Outside outside;
  Thread& thread = running();
  if (!(mask >> lane() & 1))
    stop_launch("a warp call at %s leaves its own lane out of its mask", where(site).c_str());
  thread.state = call;
  thread.mask = mask;
  thread.value = value;
  thread.source = source;
  thread.site = site;
  try_warp(launch.current / kWarp * kWarp, mask, call);
  thread.fiber->leave();
  return thread.value;
}

void end_thread() {
  running().state = State::kEnded;
  --launch.alive;
  try_block();
}

void give_back(Fiber* fiber);

[[noreturn]] void fiber_body() {
  for (;;) {
    launch.invoke(launch.parameters);
    const Outside outside;
    end_thread();
    Fiber* fiber = running().fiber;
    give_back(fiber);
    fiber->leave();
  }
}

FiberPool fibers(fiber_body);

void give_back(Fiber* fiber) { fibers.give_back(fiber); }

void resume(int thread) {
  launch.current = thread;
  set_position(thread);
  Thread& next = launch.threads[thread];
  if (!next.fiber) next.fiber = fibers.take();
  now.thread = static_cast<int16_t>(thread);
  now.warp = static_cast<int16_t>(thread / kWarp);
  now.warp_phase = launch.warp_phases[thread / kWarp];
  now.epoch = epoch_of(thread);
  now.stack = next.fiber->stack();
  checking = true;
  next.fiber->enter();
  checking = false;
}

// Nobody can run and not all have ended.
void report_deadlock() {
  std::string text = "threads wait for each other:";
  const Thread* last = nullptr;
  for (size_t t = 0; t < launch.threads.size() && text.size() < 400; ++t) {
    const Thread& thread = launch.threads[t];
    if (thread.state == State::kEnded) continue;
    if (last && same(last->site, thread.site) && last->barrier == thread.barrier) continue;
    last = &thread;
    text += " thread " + std::to_string(t) + " at " + where(thread.site);
    if (thread.state == State::kParked)
      text += " for phase " + std::to_string(thread.phase) + " of barrier number " +
              std::to_string(thread.barrier);
    text += ";";
  }
  launch.stopped = text;
}

void run_block() {
  const dim3& size = position.block_size;
  const int n = static_cast<int>(size.x * size.y * size.z);
  launch.threads.assign(n, Thread{});
  launch.warp_phases.assign((n + kWarp - 1) / kWarp, 0);
  launch.ready.clear();
  launch.alive = n;
  launch.started = launch.at_block = 0;
  now.block = ++blocks_run;
  now.block_phase = 0;
  now.thorough = now.accesses < kThoroughAccesses || now.block % 16 == 0;
  while (launch.alive > 0 && launch.stopped.empty()) {
    if (launch.started < n) {
      resume(launch.started++);
    } else if (!launch.ready.empty()) {
      const int thread = launch.ready.front();
      launch.ready.pop_front();
      resume(thread);
    } else {
      report_deadlock();
    }
  }
}

void run_blocks(const dim3& grid) {
  for (unsigned z = 0; z < grid.z; ++z)
    for (unsigned y = 0; y < grid.y; ++y)
      for (unsigned x = 0; x < grid.x; ++x) {
        position.block = {x, y, z};
        run_block();
        if (!launch.stopped.empty()) return;
      }
}

}  // namespace

std::mutex& launch_mutex() {
  static std::mutex mutex;
  return mutex;
}

int lane() { return launch.current % kWarp; }

int sync_block(bool flag, Site site) {
  const Outside outside;
  Thread& thread = running();
  thread.state = State::kAtBlock;
  thread.value = flag;
  thread.site = site;
  ++launch.at_block;
  try_block();
  thread.fiber->leave();
  return static_cast<int>(thread.value);
}

void sync_warp(unsigned mask, Site site) { wait_in_warp(State::kAtSync, mask, 0, 0, site); }

unsigned vote(unsigned mask, bool flag, Site site) {
  return static_cast<unsigned>(wait_in_warp(State::kAtVote, mask, flag, 0, site));
}

uint64_t shuffle(unsigned mask, uint64_t value, int source, Site site) {
  return wait_in_warp(State::kAtShuffle, mask, value, source, site);
}

void park(Site site, int barrier, uint32_t phase) {
  Thread& thread = running();
  thread.state = State::kParked;
  thread.site = site;
  thread.barrier = barrier;
  thread.phase = phase;
  thread.fiber->leave();
}

void wake(int thread) { make_ready(thread); }

void run_collective(Collective& operands, Site site) {
  wait_in_warp(State::kAtCollective, 0xffffffffu, reinterpret_cast<uint64_t>(&operands), 0, site);
}

void stop_launch(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  checking = false;
  launch.stopped = text;
  Fiber::abandon();
}

void* dynamic_shared() { return launch.shared; }

void run_grid(const char* kernel, dim3 grid, dim3 block, size_t shared_bytes,
              void (*invoke)(void*), void* parameters, size_t parameter_bytes) {
  const std::lock_guard lock(launch_mutex());
  const SharedRegion shared(shared_bytes);
  constexpr unsigned kMostThreads = 1024, kMostRows = 65535;
  constexpr size_t kMostShared = 232'448;  // 227 KiB, the most that any GPU gives a block
  const uint64_t threads = uint64_t{block.x} * block.y * block.z;
  if (threads == 0 || threads > kMostThreads || grid.x == 0 || grid.x > INT32_MAX ||
      grid.y == 0 || grid.y > kMostRows || grid.z == 0 || grid.z > kMostRows ||
      shared_bytes > kMostShared)
    return fail_next(cudaErrorInvalidConfiguration, "the grid or the block is too large or empty");
  launch.kernel = kernel;
  launch.shared = shared.data();
  launch.invoke = invoke;
  launch.parameters = parameters;
  now.parameters = reinterpret_cast<uintptr_t>(parameters);
  now.parameter_bytes = parameter_bytes;
  now.stack_bytes = Fiber::kStackBytes;
  now.accesses = 0;
  now.first_block = blocks_run + 1;
  launch.stopped.clear();
  position.grid_size = grid;
  position.block_size = block;
  run_blocks(grid);
  count_launch();
  if (launch.stopped.empty()) return;
  fibers.restart();
  char text[1024];
  std::snprintf(text, sizeof text, "in %s, block (%u, %u, %u), thread (%u, %u, %u): %s", kernel,
                position.block.x, position.block.y, position.block.z, position.thread.x,
                position.thread.y, position.thread.z, launch.stopped.c_str());
  fail_next(cudaErrorLaunchFailure, text);
}

}  // namespace vmk::emulator
