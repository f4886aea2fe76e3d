#pragma once
// Runs grids: block after block, the threads of a block as fibers in one host thread. A fiber runs
// until it waits for others, so the order is the same every time.
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <source_location>

#include "vectors.hpp"

namespace vmk::emulator {

using Site = std::source_location;

// Behind threadIdx and its kin: those of the fiber that runs.
struct Position {
  uint3 thread, block;
  dim3 block_size, grid_size;
};
extern Position position;

// What the checks of memory need to know about the fiber that runs. Serials count blocks from the
// start of the process; phases count the barriers that a block and a warp have passed.
struct Moment {
  uint32_t block = 0, first_block = 0;  // first_block: of this launch
  uint32_t block_phase = 0, warp_phase = 0, epoch = 0;  // epoch: see clocks.hpp
  int16_t thread = 0, warp = 0;
  bool thorough = true;  // see kThoroughAccesses
  int64_t accesses = 0;  // of the launch
  uintptr_t stack = 0, parameters = 0;
  size_t stack_bytes = 0, parameter_bytes = 0;
};
extern Moment now;

// Races are looked for in the blocks of a launch until it has made this many accesses, and in
// every 16th block after that: blocks do much the same, and looking is most of the time.
constexpr int64_t kThoroughAccesses = 500'000;

// Whether this host thread is inside a kernel and its accesses are checked. The emulator clears it
// while it works itself: it uses library code that is instrumented too.
extern constinit thread_local bool checking __attribute__((tls_model("initial-exec")));

// While the emulator works for a fiber: its own accesses, some of them in library code that the
// kernels' files share, are no kernel's.
class Outside {
 public:
  Outside() { checking = false; }
  ~Outside() { checking = true; }
};

// Held while a grid runs and by whoever changes what memory there is.
std::mutex& launch_mutex();

int lane();
// Waits for all threads of the block that have not ended; answers how many had their flag set.
int sync_block(bool flag, Site site);
// These wait for the lanes of the mask to make the same call.
void sync_warp(unsigned mask, Site site);
unsigned vote(unsigned mask, bool flag, Site site);
uint64_t shuffle(unsigned mask, uint64_t value, int source, Site site);

// The fiber that runs waits until another wakes it; when nobody does, the launch ends with the site
// and what it waits for.
void park(Site site, int barrier, uint32_t phase);
void wake(int thread);

// An instruction that a whole warp carries out together. Every lane brings operands of one type;
// the last lane to come does the work of all 32.
struct Collective {
  void (*apply)(Collective* const* lanes);
};
void run_collective(Collective& operands, Site site);

// Ends the launch: the text is what cudaGetErrorString says about it afterwards.
[[noreturn]] __attribute__((format(printf, 1, 2))) void stop_launch(const char* format, ...);

// Runs invoke(parameters) for every thread of the grid. Afterwards cudaGetLastError tells whether
// something stopped it.
void run_grid(const char* kernel, dim3 grid, dim3 block, size_t shared_bytes,
              void (*invoke)(void*), void* parameters, size_t parameter_bytes);
// The shared_bytes of the launch that runs.
void* dynamic_shared();

}  // namespace vmk::emulator
