#include "device.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace vmk {

Isa machine_isa() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  return avx512 ? kAvx512 : avx2 ? kAvx2 : kBaseline;
#else
  return kBaseline;
#endif
}

namespace {

int64_t memory_bytes() {
  return static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
}

}  // namespace

void* allocate(int64_t bytes) {
  constexpr int64_t kLine = 64, kHugePage = int64_t{2} << 20;
  // Linux grants far more than it has and kills the process on first touch: refuse before that.
  if (bytes > memory_bytes())
    fail(VMK_OUT_OF_MEMORY, "Cannot allocate %lld bytes: the machine has %lld",
         static_cast<long long>(bytes), static_cast<long long>(memory_bytes()));
  if (bytes == 0) bytes = 1;
  const int64_t align = bytes >= kHugePage ? kHugePage : kLine;
  const int64_t size = (bytes + align - 1) / align * align;
  void* data = std::aligned_alloc(static_cast<size_t>(align), static_cast<size_t>(size));
  if (!data)
    fail(VMK_OUT_OF_MEMORY, "Cannot allocate %lld bytes", static_cast<long long>(bytes));
#if defined(MADV_HUGEPAGE)
  if (align == kHugePage) madvise(data, static_cast<size_t>(size), MADV_HUGEPAGE);
#endif
  return data;
}

Arena::~Arena() {
  for (auto& block : blocks_) std::free(block.data);
}

void* Arena::take(int64_t bytes) {
  bytes = (bytes + 63) / 64 * 64;
  if (blocks_.empty() || blocks_.back().size - blocks_.back().used < bytes)
    blocks_.push_back({static_cast<char*>(allocate(bytes)), std::max<int64_t>(bytes, 64), 0});
  Block& block = blocks_.back();
  void* data = block.data + block.used;
  block.used += bytes;
  return data;
}

void Arena::reserve(int64_t bytes) {
  if (this->bytes() >= bytes) return;
  for (auto& block : blocks_) std::free(block.data);
  blocks_.clear();
  blocks_.push_back({static_cast<char*>(allocate(bytes)), bytes, 0});
}

// An op that needed several blocks leaves one of the size it used to the next op: that is more
// than the block it found, and as small as what the largest op so far needs.
void Arena::reset() noexcept {
  if (blocks_.size() > 1) {
    int64_t used = 0;
    for (auto& block : blocks_) {
      used += block.used;
      std::free(block.data);
    }
    blocks_.clear();
    try {
      reserve(used);
    } catch (const Error&) {  // the next op asks again
    }
  }
  for (auto& block : blocks_) block.used = 0;
}

int64_t Arena::bytes() const {
  int64_t total = 0;
  for (const auto& block : blocks_) total += block.size;
  return total;
}

CpuDevice::CpuDevice(int32_t threads) : pool(threads), isa(machine_isa()) {}

void* CpuDevice::alloc(int64_t bytes) { return allocate(bytes); }
void CpuDevice::release(void* data) noexcept { std::free(data); }
void CpuDevice::upload(void* to, const void* from, int64_t bytes) {
  std::memcpy(to, from, static_cast<size_t>(bytes));
}
void CpuDevice::download(void* to, const void* from, int64_t bytes) {
  std::memcpy(to, from, static_cast<size_t>(bytes));
}
void CpuDevice::copy(void* to, const void* from, int64_t bytes) {
  std::memcpy(to, from, static_cast<size_t>(bytes));
}
void CpuDevice::expect_same(const void* found, const void* expected, int64_t bytes, int64_t step) {
  if (std::memcmp(found, expected, static_cast<size_t>(bytes)) != 0)
    fail(VMK_INVALID_ARGUMENT,
         "Cannot run a plan: step %lld reads other values than when it was recorded",
         static_cast<long long>(step));
}
std::unique_ptr<Graph> CpuDevice::capture(const std::function<void()>&, std::string& why) {
  why = "the CPU library has no graphs";
  return nullptr;
}
void CpuDevice::timer_start() { started = std::chrono::steady_clock::now(); }
double CpuDevice::timer_stop_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started)
      .count();
}

int32_t CpuDevice::limit_isa(int32_t level) {
  isa = static_cast<Isa>(std::clamp<int32_t>(level, kBaseline, machine_isa()));
  return isa;
}

int32_t device_count() { return 1; }

Device* open_device(int32_t device, int32_t threads) {
  constexpr int32_t kMostThreads = 1024;
  if (device != 0 || threads < 0 || threads > kMostThreads) return nullptr;
  return new CpuDevice(threads);
}

namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown";
}

// The size of a cache of the first core. sysconf reports the whole host's level 3 on some virtual
// machines, so the kernel's own description comes first.
int64_t cache_bytes(int level, int sysconf_name) {
  for (int index = 0; index < 8; ++index) {
    const std::string folder =
        "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    std::ifstream level_file(folder + "level"), type_file(folder + "type"),
        size_file(folder + "size");
    int found = 0;
    int64_t kilobytes = 0;
    std::string type;
    if (!(level_file >> found) || !(type_file >> type) || !(size_file >> kilobytes)) continue;
    if (found == level && type != "Instruction") return kilobytes * 1024;
  }
  return sysconf(sysconf_name);
}

}  // namespace

std::string device_info(int32_t device) {
  if (device != 0)
    return "no CPU device " + std::to_string(device) + ": the CPU library has device 0 only";
  static constexpr const char* kIsaNames[] = {"baseline", "avx2", "avx512"};
  std::ostringstream text;
  text << "name: " << cpu_model() << "\n"
       << "cores: " << std::thread::hardware_concurrency() << "\n"
       << "isa: " << kIsaNames[machine_isa()] << "\n"
       << "memory_bytes: " << memory_bytes() << "\n"
       << "l2_bytes: " << cache_bytes(2, _SC_LEVEL2_CACHE_SIZE) << "\n"
       << "l3_bytes: " << cache_bytes(3, _SC_LEVEL3_CACHE_SIZE);
  return text.str();
}

std::string build_info() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace vmk
