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

}  // namespace

ThreadPool::ThreadPool(int32_t threads) {
  if (threads < 1) threads = static_cast<int32_t>(std::thread::hardware_concurrency());
  for (int32_t i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
}

ThreadPool::~ThreadPool() {
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
  running_ = static_cast<int32_t>(workers_.size());
  ++epoch_;
  epoch_.notify_all();
  take_ranges(0);
  while (running_.load() > 0) relax();
  if (error_) std::rethrow_exception(error_);
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
    take_ranges(thread);
    --running_;
  }
}

}  // namespace vmk
