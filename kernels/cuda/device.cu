#include "device.hpp"

#include <algorithm>

namespace vmk {

CudaDevice::CudaDevice(int index) : index_(index) {
  enter();
  const bool pooled = has_pools(index);
  if (pooled) {
    // Freed memory stays with the pool: the next tensor of the same size costs no driver call.
    cudaMemPool_t pool = nullptr;
    check(cudaDeviceGetDefaultMemPool(&pool, index), "open the device");
    uint64_t keep = UINT64_MAX;
    check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep),
          "open the device");
  }
  const auto attribute = [&](cudaDeviceAttr which) {
    int value = 0;
    check(cudaDeviceGetAttribute(&value, which, index), "open the device");
    return value;
  };
  multiprocessors_ = attribute(cudaDevAttrMultiProcessorCount);
  shared_limit_ = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin);
  capability_ = 10 * attribute(cudaDevAttrComputeCapabilityMajor) +
                attribute(cudaDevAttrComputeCapabilityMinor);
  check(queues_.open(pooled), "open the device");
  check(cudaEventCreate(&start_), "open the device");
  check(cudaEventCreate(&stop_), "open the device");
  log_ = static_cast<DataErrors*>(alloc(sizeof(DataErrors)));
  fill(log_, 0xff, sizeof(DataErrors));
}

// Errors are of no use here: nobody is left to hear them.
CudaDevice::~CudaDevice() {
  cudaSetDevice(index_);
  release(log_);
  if (start_) cudaEventDestroy(start_);
  if (stop_) cudaEventDestroy(stop_);
  queues_.close();
}

void CudaDevice::enter() {
  if (!death_.empty()) fail(VMK_DEVICE_ERROR, "%s; the context is dead", death_.c_str());
  check(cudaSetDevice(index_), "select the device");
}

void CudaDevice::check(cudaError_t error, const char* action) {
  if (error == cudaSuccess) return;
  cudaGetLastError();
  const std::string text = std::string("Cannot ") + action + ": " + cudaGetErrorString(error) +
                           " (" + std::to_string(static_cast<int>(error)) + ")";
  if (capturing_) fail(VMK_INTERNAL, "%s", text.c_str());
  death_ = text;
  if (launches_ > 0) {
    death_ += "; kernels queued last: ";
    const int64_t shown = std::min<int64_t>(launches_, recent_.size());
    for (int64_t i = launches_ - shown; i < launches_; ++i)
      death_ += std::string(i > launches_ - shown ? ", " : "") + recent_[i % recent_.size()];
  }
  fail(VMK_DEVICE_ERROR, "%s", death_.c_str());
}

void CudaDevice::launched(const char* kernel) {
  recent_[launches_++ % recent_.size()] = kernel;
  check(cudaGetLastError(), "launch a kernel");
}

// Memory, copies and timers belong to queue 0, behind all that was queued anywhere.
void CudaDevice::join() {
  enter();
  check(queues_.join(), "join the queues");
}

void CudaDevice::queue(int32_t index) {
  enter();
  check(queues_.choose(index), "choose a queue");
}

void* CudaDevice::alloc(int64_t bytes) {
  join();
  // A tensor without elements has an address too: null stands for an argument left out.
  return allocate(std::max<int64_t>(bytes, 1), stream(), has_pools(index_));
}

void CudaDevice::release(void* data) noexcept {
  cudaSetDevice(index_);
  queues_.join();
  deallocate(data, stream(), has_pools(index_));
}

void CudaDevice::upload(void* to, const void* from, int64_t bytes) {
  join();
  check(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyHostToDevice, stream()),
        "upload");
  check(cudaStreamSynchronize(stream()), "upload");
}

void CudaDevice::download(void* to, const void* from, int64_t bytes) {
  join();
  check(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDeviceToHost, stream()),
        "download");
  wait("download");
}

void CudaDevice::copy(void* to, const void* from, int64_t bytes) {
  check(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDeviceToDevice, stream()),
        "copy");
}

void CudaDevice::sync() {
  join();
  wait("finish the queued work");
}

void CudaDevice::wait(const char* action) {
  DataErrors log;
  const bool read = log_used_;
  if (read) {
    check(cudaMemcpyAsync(&log, log_, sizeof log, cudaMemcpyDeviceToHost, stream()), action);
    fill(log_, 0xff, sizeof log);
  }
  check(cudaStreamSynchronize(stream()), action);
  launches_ = 0;
  log_used_ = false;
  if (read) raise_data_errors(log);
}

DataErrors* CudaDevice::data_errors() {
  log_used_ = true;
  return log_;
}

void CudaDevice::allow_shared(const void* kernel, int bytes) {
  constexpr int kAlways = 48 << 10;
  if (bytes > kAlways)
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes),
          "reserve shared memory");
}

void CudaDevice::fill(void* data, int byte, int64_t bytes) {
  if (bytes > 0)
    check(cudaMemsetAsync(data, byte, static_cast<size_t>(bytes), stream()), "fill memory");
}

void CudaDevice::timer_start() {
  join();
  check(cudaEventRecord(start_, stream()), "start the timer");
  timing_ = true;
}

double CudaDevice::timer_stop_ms() {
  join();
  if (!timing_) fail(VMK_INVALID_ARGUMENT, "Cannot stop the timer: it was not started");
  timing_ = false;
  check(cudaEventRecord(stop_, stream()), "stop the timer");
  wait("stop the timer");
  float ms = 0;
  check(cudaEventElapsedTime(&ms, start_, stop_), "stop the timer");
  return ms;
}

void CudaDevice::reserve(int64_t bytes) {
  join();
  queues_.arena().reserve(bytes);
}

double CudaDevice::probe(int32_t which, int64_t bytes) {
  join();
  struct Rewind {
    Arena& arena;
    ~Rewind() { arena.rewind(); }
  } rewind{queues_.arena()};
  switch (which) {
    case VMK_PROBE_FMA: return probe_fma(*this);
    case VMK_PROBE_TRIAD: return probe_triad(*this, bytes);
    default: return probe_gather(*this, bytes);
  }
}

}  // namespace vmk
