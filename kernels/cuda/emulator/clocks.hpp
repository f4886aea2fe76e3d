#pragma once
// Who knows what of whom in a block whose threads signal each other through barriers in shared
// memory: vector clocks. A thread's epochs end when it arrives at such a barrier or publishes what
// it wrote; every barrier counts as a thread too, the one that does the bulk copies it counts.
#include <cstdint>
#include <vector>

#include "shadow.hpp"

namespace vmk::emulator {

struct Clock {
  std::vector<uint32_t> happened;  // by thread: what it did in epochs below this came before
  std::vector<uint32_t> visible;   // the same, and products and bulk copies see what it wrote
  std::vector<uint32_t> products;  // by warp: how many of its products have been waited for
  void join(const Clock& other);
};

constexpr int kMostBarriers = 64;  // of a block

Clock new_clock();
// Of the thread that runs.
Clock& own_clock();
void end_epoch();
// The thread that a barrier counts as.
int16_t copier_of(int barrier);

// Whether what left the stamp came before now, as far as barriers in shared memory tell; false in a
// block that has none.
bool came_before(const Stamp& stamp);
// The epoch of a thread.
uint32_t epoch_of(int thread);
// All threads of the block have waited for each other.
void join_block();

}  // namespace vmk::emulator
