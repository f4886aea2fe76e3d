#include "cudart.hpp"

#include <chrono>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "faults.hpp"
#include "memory.hpp"

struct EmulatedEvent {
  std::chrono::steady_clock::time_point at;
};

struct EmulatedGraph {
  std::vector<std::function<cudaError_t()>> work;
};

namespace {

using namespace vmk::emulator;

thread_local EmulatedGraph* capture = nullptr;

thread_local cudaError_t pending = cudaSuccess;
thread_local std::string pending_text;

}  // namespace

void vmk::emulator::fail_next(cudaError_t error, const char* text) {
  pending = error;
  pending_text = text;
}

cudaError_t vmk::emulator::code_for_device() { return faults.code; }

cudaError_t vmk::emulator::enqueue(std::function<cudaError_t()> work) {
  if (!capture) return work();
  capture->work.push_back(std::move(work));
  return cudaSuccess;
}

cudaError_t cudaGetLastError() {
  const cudaError_t error = pending != cudaSuccess ? pending : faults.sticky;
  pending = cudaSuccess;
  return error;
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInsufficientDriver:
      return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice: return "no CUDA-capable device is detected";
    case cudaErrorInvalidDevice: return "invalid device ordinal";
    case cudaErrorNoKernelImageForDevice:
      return "no kernel image is available for execution on the device";
    case cudaErrorIllegalAddress: return "an illegal memory access was encountered";
    case cudaErrorInvalidValue: return "invalid argument";
    case cudaErrorStreamCaptureUnsupported:
      return "operation not permitted when stream is capturing";
    default: return pending_text.c_str();
  }
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = faults.device_count == cudaSuccess ? 1 : 0;
  return faults.device_count;
}

cudaError_t cudaSetDevice(int device) {
  if (device != 0) return cudaErrorInvalidDevice;
  return faults.sticky;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"emulated CUDA device", faults.capability / 10, faults.capability % 10, 2, 0};
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  switch (attribute) {
    case cudaDevAttrMultiProcessorCount: *value = 2; break;
    case cudaDevAttrComputeCapabilityMajor: *value = faults.capability / 10; break;
    case cudaDevAttrComputeCapabilityMinor: *value = faults.capability % 10; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = faults.shared_bytes; break;
    case cudaDevAttrMemoryPoolsSupported: *value = 1; break;
  }
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = faults.driver;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = faults.runtime;
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *total = faults.device_bytes;
  *free = faults.device_bytes - allocated_bytes();
  return cudaSuccess;
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  *pool = nullptr;
  return cudaSuccess;
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }

cudaError_t cudaMalloc(void** data, size_t bytes) {
  if (capture) return cudaErrorStreamCaptureUnsupported;
  if (bytes > faults.device_bytes - allocated_bytes()) return cudaErrorMemoryAllocation;
  if (faults.sticky != cudaSuccess) return faults.sticky;
  *data = allocate_region(bytes);
  return *data ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaFree(void* data) {
  return free_region(data) ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaMallocAsync(void** data, size_t bytes, cudaStream_t) {
  return cudaMalloc(data, bytes);
}

cudaError_t cudaFreeAsync(void* data, cudaStream_t) { return cudaFree(data); }

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t) {
  if (capture && kind != cudaMemcpyDeviceToDevice) return cudaErrorStreamCaptureUnsupported;
  return enqueue([=] {
    if (kind != cudaMemcpyHostToDevice && !is_allocated(from, bytes)) return cudaErrorInvalidValue;
    if (kind != cudaMemcpyDeviceToHost && !host_writes(to, bytes)) return cudaErrorInvalidValue;
    std::memcpy(to, from, bytes);
    return cudaSuccess;
  });
}

cudaError_t cudaMemsetAsync(void* data, int byte, size_t bytes, cudaStream_t) {
  return enqueue([=] {
    if (!host_writes(data, bytes)) return cudaErrorInvalidValue;
    std::memset(data, byte, bytes);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = nullptr;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t) {
  return capture ? cudaErrorStreamCaptureUnsupported : faults.sticky;
}
cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }

cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return cudaSuccess; }

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  return cudaEventCreate(event);
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  *event = new EmulatedEvent{};
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t) {
  event->at = std::chrono::steady_clock::now();
  return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t stop) {
  *ms = std::chrono::duration<float, std::milli>(stop->at - start->at).count();
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode) {
  capture = new EmulatedGraph{};
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph) {
  *graph = std::exchange(capture, nullptr);
  return faults.capture;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  *exec = new EmulatedGraph(*graph);
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t) {
  for (const auto& work : exec->work) {
    const cudaError_t error = work();
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) { return cudaGraphDestroy(exec); }
