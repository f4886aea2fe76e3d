#pragma once
// The CUDA Device: one GPU, its queues, a timer and a log of bad input data.
// Work is queued; what fails in it comes out of the next call that waits.
#include <cuda_runtime.h>

#include <array>
#include <string>
#include <vector>

#include "data_errors.hpp"
#include "internal.hpp"
#include "queues.hpp"

namespace vmk {

class CudaDevice final : public Device {
 public:
  explicit CudaDevice(int index);
  ~CudaDevice() override;

  void* alloc(int64_t bytes) override;
  void release(void* data) noexcept override;
  void upload(void* to, const void* from, int64_t bytes) override;
  void download(void* to, const void* from, int64_t bytes) override;
  void copy(void* to, const void* from, int64_t bytes) override;
  void expect_same(const void* found, const void* expected, int64_t bytes, int64_t step) override;
  bool is_host() const override { return false; }
  void sync() override;
  void timer_start() override;
  double timer_stop_ms() override;
  void reserve(int64_t bytes) override;
  void queue(int32_t index) override;
  void join() override;
  std::unique_ptr<Graph> capture(const std::function<void()>& run, std::string& why) override;
  bool launch(Graph& graph) override;
  int64_t scratch_bytes() const override { return queues_.scratch_bytes(); }
  void end_op() noexcept override { queues_.arena().rewind(); }
  int32_t threads() const override { return 1; }
  int32_t limit_isa(int32_t) override { return 0; }
  double probe(int32_t which, int64_t bytes) override;

  cudaStream_t stream() const { return queues_.stream(); }
  int multiprocessors() const { return multiprocessors_; }
  int capability() const { return capability_; }    // 10 * major + minor
  int shared_limit() const { return shared_limit_; }  // bytes that a block can be given
  // Lets a kernel be launched with this much dynamic shared memory.
  void allow_shared(const void* kernel, int bytes);
  // The log that kernels report bad data to; it is read when the host next waits.
  DataErrors* data_errors();
  // Memory until the end of the op.
  template <class T>
  T* scratch(int64_t count) {
    return static_cast<T*>(queues_.arena().take(count * static_cast<int64_t>(sizeof(T))));
  }
  void fill(void* data, int byte, int64_t bytes);
  // Every launch calls this after it was queued.
  void launched(const char* kernel);
  // Throws what a runtime call answered; everything but a lack of memory kills the context, or only
  // the graph that is being captured.
  void check(cudaError_t error, const char* action);
  // Makes this the thread's device; calls come from any thread. Throws when the context is dead.
  void enter();

 private:
  void wait(const char* action);  // for the stream, then reads the log

  int index_;
  int multiprocessors_ = 0, capability_ = 0, shared_limit_ = 0;
  cudaEvent_t start_ = nullptr, stop_ = nullptr;
  DataErrors* log_ = nullptr;  // device memory
  bool log_used_ = false;      // since it was last read
  // The newest launches since the host last waited, for the text of an asynchronous error.
  std::array<const char*, 8> recent_{};
  int64_t launches_ = 0;
  std::string death_;
  bool timing_ = false;
  bool capturing_ = false;
  Queues queues_;
};

// What an op gets is a Device of this library, whatever its static type says.
inline CudaDevice& cuda_device(Device& device) {
  auto& cuda = static_cast<CudaDevice&>(device);
  cuda.enter();
  return cuda;
}

// Each probe returns GFLOP/s or GB/s.
double probe_fma(CudaDevice& device);
double probe_triad(CudaDevice& device, int64_t bytes);
double probe_gather(CudaDevice& device, int64_t bytes);

}  // namespace vmk
