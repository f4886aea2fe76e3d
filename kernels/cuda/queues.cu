#include "queues.hpp"

namespace vmk {

cudaError_t Queues::open(bool pooled) {
  for (Queue& queue : queues_) {
    cudaError_t error = cudaStreamCreateWithFlags(&queue.stream, cudaStreamNonBlocking);
    if (error == cudaSuccess)
      error = cudaEventCreateWithFlags(&queue.reached, cudaEventDisableTiming);
    if (error != cudaSuccess) return error;
    queue.arena.open(queue.stream, pooled);
  }
  return cudaSuccess;
}

void Queues::close() noexcept {
  for (Queue& queue : queues_) {
    queue.arena.close();
    if (queue.stream) cudaStreamSynchronize(queue.stream);
    if (queue.reached) cudaEventDestroy(queue.reached);
    if (queue.stream) cudaStreamDestroy(queue.stream);
  }
}

cudaError_t Queues::wait_for(Queue& waiter, Queue& awaited) {
  const cudaError_t error = cudaEventRecord(awaited.reached, awaited.stream);
  return error != cudaSuccess ? error : cudaStreamWaitEvent(waiter.stream, awaited.reached, 0);
}

cudaError_t Queues::choose(int32_t queue) {
  chosen_ = queue;
  if (queue == 0) return cudaSuccess;
  queues_[queue].used = true;
  return wait_for(queues_[queue], queues_[0]);
}

cudaError_t Queues::join() {
  chosen_ = 0;
  for (Queue& queue : queues_) {
    if (!queue.used) continue;
    queue.used = false;
    const cudaError_t error = wait_for(queues_[0], queue);
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

void Queues::pin_arenas(bool pinned) {
  for (Queue& queue : queues_) queue.arena.pin(pinned);
}

int64_t Queues::arena_moves() const {
  int64_t moves = 0;
  for (const Queue& queue : queues_) moves += queue.arena.moves();
  return moves;
}

int64_t Queues::scratch_bytes() const {
  int64_t bytes = 0;
  for (const Queue& queue : queues_) bytes += queue.arena.capacity();
  return bytes;
}

}  // namespace vmk
