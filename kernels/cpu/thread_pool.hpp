#pragma once
// One pool per context. Workers spin for a short while between jobs, so that a sequence of ops
// finds them awake, and sleep after that, so that an idle context costs nothing.
#include <atomic>
#include <cstdint>
#include <exception>
#include <thread>
#include <type_traits>
#include <vector>

namespace vmk {

class ThreadPool {
 public:
  explicit ThreadPool(int32_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int32_t threads() const { return static_cast<int32_t>(workers_.size()) + 1; }

  // Calls body(begin, end) or body(begin, end, thread) for consecutive ranges of [0, n) of
  // `grain` each (the last one shorter), on all threads, in no particular order; thread is in
  // [0, threads()). The first exception is thrown again here.
  template <class F>
  void for_ranges(int64_t n, int64_t grain, F&& body) {
    if (n <= 0) return;
    if (grain < 1) grain = 1;
    if (n <= grain || workers_.empty()) {
      for (int64_t begin = 0; begin < n; begin += grain)
        call(body, begin, begin + grain < n ? begin + grain : n, 0);
      return;
    }
    using Body = std::remove_reference_t<F>;
    run({n, grain, &body, [](void* b, int64_t begin, int64_t end, int32_t thread) {
           call(*static_cast<Body*>(b), begin, end, thread);
         }});
  }

  // Splits [0, n) into one range a thread, of a multiple of `unit`: for passes whose ranges must
  // be the same every time, such as a histogram and the scatter that follows it.
  int64_t even_grain(int64_t n, int64_t unit = 1) const {
    const int64_t share = (n + threads() - 1) / threads();
    return share < unit ? unit : (share + unit - 1) / unit * unit;
  }

 private:
  struct Job {
    int64_t n, grain;
    void* body;
    void (*call)(void* body, int64_t begin, int64_t end, int32_t thread);
  };

  template <class F>
  static void call(F& body, int64_t begin, int64_t end, int32_t thread) {
    if constexpr (std::is_invocable_v<F&, int64_t, int64_t, int32_t>)
      body(begin, end, thread);
    else
      body(begin, end);
  }

  void run(const Job& job);
  void work(int32_t thread);
  void stop();
  bool join();
  void take_ranges(int32_t thread);

  std::vector<std::thread> workers_;
  Job job_{};
  std::atomic<uint32_t> epoch_{0};   // a new value is a new job, or the end
  std::atomic<uint32_t> joined_{0};  // workers inside the job, and kOpen while more may join
  std::atomic<int64_t> next_{0};     // where the next range begins
  std::atomic<bool> stopping_{false};
  std::atomic<bool> failed_{false};
  std::exception_ptr error_;
};

}  // namespace vmk
