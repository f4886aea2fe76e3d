#pragma once
// The CPU as a device: memory, scratch arena, thread pool, instruction set.
#include <chrono>
#include <memory>
#include <vector>

#include "internal.hpp"
#include "thread_pool.hpp"

namespace vmk {

// Levels of vmk_ctx_limit_isa.
enum Isa : int32_t { kBaseline = 0, kAvx2 = 1, kAvx512 = 2 };
Isa machine_isa();

// 64-byte aligned memory; large blocks on 2 MB pages, which the gathers of a big table need.
// Throws Error when `bytes` is more than the machine has or can give.
void* allocate(int64_t bytes);

// A stack of bytes that one op takes from and that is emptied when the op ends. It keeps its
// largest size, so that an op called again allocates nothing.
class Arena {
 public:
  ~Arena();
  void* take(int64_t bytes);
  void reserve(int64_t bytes);
  void reset() noexcept;
  int64_t bytes() const;

 private:
  struct Block {
    char* data;
    int64_t size, used;
  };
  std::vector<Block> blocks_;
};

struct CpuDevice final : Device {
  explicit CpuDevice(int32_t threads);
  void* alloc(int64_t bytes) override;
  void release(void* data) noexcept override;
  void upload(void* to, const void* from, int64_t bytes) override;
  void download(void* to, const void* from, int64_t bytes) override;
  void copy(void* to, const void* from, int64_t bytes) override;
  void expect_same(const void* found, const void* expected, int64_t bytes, int64_t step) override;
  bool is_host() const override { return true; }
  void sync() override {}
  void timer_start() override;
  double timer_stop_ms() override;
  void reserve(int64_t bytes) override { arena.reserve(bytes); }
  int64_t scratch_bytes() const override { return arena.bytes(); }
  std::unique_ptr<Graph> capture(const std::function<void()>& run, std::string& why) override;
  bool launch(Graph&) override { return false; }
  void end_op() noexcept override { arena.reset(); }
  int32_t threads() const override { return pool.threads(); }
  int32_t limit_isa(int32_t level) override;
  double probe(int32_t which, int64_t bytes) override;

  // Uninitialised scratch for n items, valid until the op ends.
  template <class T>
  T* scratch(int64_t n) {
    return static_cast<T*>(arena.take(n * static_cast<int64_t>(sizeof(T))));
  }

  ThreadPool pool;
  Arena arena;
  Isa isa;
  std::chrono::steady_clock::time_point started;
};

// Variants receive the device they were registered for.
inline CpuDevice& cpu_device(Device& device) { return static_cast<CpuDevice&>(device); }

}  // namespace vmk
