#pragma once
// The queues of a context: streams, each with a scratch arena of its own, since ops on different
// streams run at the same time.
#include <cuda_runtime.h>

#include <array>

#include "arena.hpp"
#include "voxmark.h"

namespace vmk {

class Queues {
 public:
  // Errors of these are returned, for the device to name.
  cudaError_t open(bool pooled);
  void close() noexcept;
  // Chooses a queue; one other than 0 starts behind what queue 0 holds now.
  cudaError_t choose(int32_t queue);
  // Lets queue 0 go on behind all others, and chooses it.
  cudaError_t join();

  cudaStream_t stream() const { return queues_[chosen_].stream; }
  Arena& arena() { return queues_[chosen_].arena; }
  int64_t scratch_bytes() const;
  void pin_arenas(bool pinned);
  int64_t arena_moves() const;

 private:
  struct Queue {
    cudaStream_t stream = nullptr;
    cudaEvent_t reached = nullptr;  // how far it was when another queue began to wait for it
    Arena arena;
    bool used = false;  // since the last join
  };
  cudaError_t wait_for(Queue& waiter, Queue& awaited);

  std::array<Queue, VMK_QUEUES> queues_;
  int32_t chosen_ = 0;
};

}  // namespace vmk
