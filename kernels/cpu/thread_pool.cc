#include "thread_pool.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace vmk {

namespace {

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

// About 50 microseconds: longer than the gap between two ops of a network.
constexpr int kSpins = 2000;

constexpr uint32_t kOpen = uint32_t{1} << 31;

}  // namespace

ThreadPool::ThreadPool(int32_t threads) {
  if (threads < 1) threads = static_cast<int32_t>(std::thread::hardware_concurrency());
  try {
    for (int32_t i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
  } catch (...) {
    stop();  // a thread that is destroyed before it is joined ends the process
    throw;
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stopping_ = true;
  ++epoch_;
  epoch_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ThreadPool::run(const Job& job) {
  job_ = job;
  next_ = 0;
  failed_ = false;
  error_ = nullptr;
  joined_ = kOpen;
  ++epoch_;
  epoch_.notify_all();
  take_ranges(0);
  // Only workers that have joined are waited for: on a busy machine a worker that never got a
  // core in time is no reason to wait, its ranges have been taken by the others.
  joined_ &= ~kOpen;
  while (joined_.load() > 0) relax();
  if (error_) std::rethrow_exception(error_);
}

bool ThreadPool::join() {
  uint32_t joined = joined_.load();
  while (joined & kOpen)
    if (joined_.compare_exchange_weak(joined, joined + 1)) return true;
  return false;
}

void ThreadPool::take_ranges(int32_t thread) {
  try {
    for (;;) {
      const int64_t begin = next_.fetch_add(job_.grain);
      if (begin >= job_.n || failed_) return;
      const int64_t end = begin + job_.grain;
      job_.call(job_.body, begin, end < job_.n ? end : job_.n, thread);
    }
  } catch (...) {
    if (!failed_.exchange(true)) error_ = std::current_exception();
  }
}

void ThreadPool::work(int32_t thread) {
  uint32_t seen = 0;
  for (;;) {
    for (int spin = 0; spin < kSpins && epoch_.load() == seen; ++spin) relax();
    epoch_.wait(seen);
    seen = epoch_.load();
    if (stopping_) return;
    if (!join()) continue;
    take_ranges(thread);
    --joined_;
  }
}

}  // namespace vmk
