// What the library says about itself and about the machine, with or without a GPU in it.
#include <cuda_runtime.h>

#include <cstdio>

#include "device.hpp"

namespace vmk {

namespace {

// A kernel that is there only to ask whether this library holds code for a device.
__global__ void do_nothing() {}

std::string version(int number) {
  return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}

#ifdef __CUDA_ARCH_LIST__
std::string architectures() {
  std::string text;
  for (const int arch : {__CUDA_ARCH_LIST__}) text += " sm_" + std::to_string(arch / 10);
  return text;
}
#else
std::string architectures() { return " none"; }
#endif

// An error of 700 and above is a kernel's, and stays with the process.
bool is_fault(cudaError_t error) { return error >= cudaErrorIllegalAddress; }

std::string old_driver() {
  cudaGetLastError();
  int driver = 0, runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (driver == 0)
    return "no CUDA device: there is no driver for one; this library was built for CUDA " +
           version(runtime);
  return "the CUDA driver is too old: it runs CUDA " + version(driver) +
         ", this library was built for CUDA " + version(runtime);
}

// Why a device cannot be opened, in one line; "" when it can.
std::string obstacle(int32_t device) {
  int count = 0;
  const cudaError_t found = cudaGetDeviceCount(&count);
  if (found == cudaErrorInsufficientDriver) return old_driver();
  if (found != cudaSuccess) {
    cudaGetLastError();
    return std::string("no CUDA device: ") + cudaGetErrorString(found) + " (" +
           std::to_string(static_cast<int>(found)) + ")";
  }
  if (device < 0 || device >= count)
    return "no CUDA device " + std::to_string(device) + ": this machine has " +
           std::to_string(count);
  cudaFuncAttributes attributes;
  cudaError_t usable = cudaSetDevice(device);
  if (usable == cudaSuccess) usable = cudaFuncGetAttributes(&attributes, do_nothing);
  if (usable == cudaSuccess) return "";
  cudaGetLastError();
  if (usable != cudaErrorNoKernelImageForDevice)
    return "CUDA device " + std::to_string(device) + " cannot be used: " +
           cudaGetErrorString(usable) + " (" + std::to_string(static_cast<int>(usable)) + ")" +
           (is_fault(usable) ? "; a kernel failed in this process, only a new one can use it" : "");
  int major = 0, minor = 0;
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  return "CUDA device " + std::to_string(device) + " is an sm_" + std::to_string(major) +
         std::to_string(minor) + ", this library was built for" + architectures();
}

}  // namespace

int32_t device_count() {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess) return count;
  cudaGetLastError();
  return 0;
}

std::string device_info(int32_t device) {
  const std::string why_not = obstacle(device);
  if (!why_not.empty()) return why_not;
  cudaDeviceProp properties;
  if (cudaGetDeviceProperties(&properties, device) != cudaSuccess)
    return "CUDA device " + std::to_string(device) + " does not tell its properties";
  size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  int driver = 0, runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  char text[1024];
  std::snprintf(text, sizeof text,
                "name: %s\ncompute capability: %d.%d\nmultiprocessors: %d\nmemory bytes: %zu\n"
                "free bytes: %zu\nl2 bytes: %d\ndriver: %s\nruntime: %s\n",
                properties.name, properties.major, properties.minor,
                properties.multiProcessorCount, total, free, properties.l2CacheSize,
                version(driver).c_str(), version(runtime).c_str());
  return text;
}

Device* open_device(int32_t device, int32_t) {
  if (!obstacle(device).empty()) return nullptr;
  return new CudaDevice(device);
}

std::string build_info() {
#if defined(VMK_EMULATED) && defined(__SANITIZE_THREAD__)
  return std::string("host emulator, every access checked, g++ ") + __VERSION__;
#elif defined(VMK_EMULATED)
  return std::string("host emulator, accesses not checked, g++ ") + __VERSION__;
#else
  return "nvcc " + std::to_string(__CUDACC_VER_MAJOR__) + "." +
         std::to_string(__CUDACC_VER_MINOR__) + "." + std::to_string(__CUDACC_VER_BUILD__) +
         ", g++ " + __VERSION__ + "," + architectures();
#endif
}

}  // namespace vmk
