#include "memory.hpp"

#include <link.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "clocks.hpp"
#include "cudart.hpp"
#include "scratch_bounds.hpp"
#include "shadow.hpp"
#include "warpgroup.hpp"

namespace vmk::emulator {

namespace {

enum class Kind { kGlobal, kShared, kConstant };

// Pages that cost nothing until they are touched.
template <class T>
class LazyArray {
 public:
  explicit LazyArray(size_t count) : bytes_(std::max<size_t>(count, 1) * sizeof(T)) {
    void* pages = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages != MAP_FAILED) data_ = static_cast<T*>(pages);
  }
  ~LazyArray() {
    if (data_) munmap(data_, bytes_);
  }
  LazyArray(const LazyArray&) = delete;
  T* data() const { return data_; }
  T& operator[](size_t i) const { return data_[i]; }

 private:
  size_t bytes_;
  T* data_ = nullptr;
};

struct Range {
  uintptr_t begin, end;
};

struct Region {
  Kind kind;
  Range range;
  LazyArray<Shadow> shadows;
  LazyArray<uint8_t> written;  // one bit a byte of each word; of global memory only
  bool confined = false;
  std::vector<Range> permitted;  // ascending

  Region(Kind kind, Range range)
      : kind(kind), range(range), shadows(words(range)),
        written(kind == Kind::kGlobal ? words(range) : 0) {}
  static size_t words(const Range& range) {
    return (range.end - range.begin + kWordBytes - 1) / kWordBytes;
  }
  size_t word(uintptr_t address) const { return (address - range.begin) / kWordBytes; }

  bool allows(uintptr_t begin, uintptr_t end) const {
    if (!confined) return end <= range.end;
    auto after = std::upper_bound(permitted.begin(), permitted.end(), begin,
                                  [](uintptr_t at, const Range& r) { return at < r.begin; });
    return after != permitted.begin() && end <= std::prev(after)->end;
  }
};

// By begin. Device allocations, and the segments of this library, which hold shared memory.
std::map<uintptr_t, std::unique_ptr<Region>> regions;
std::array<Region*, 4> recent{};  // that accesses hit: a kernel goes back and forth between few
size_t turn = 0;
size_t bytes_in_use = 0;

void add_region(Kind kind, Range range) {
  regions[range.begin] = std::make_unique<Region>(kind, range);
}

// __shared__ variables are static: they lie in the writable segment of this library.
void add_own_segments() {
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void*) {
        const auto self = reinterpret_cast<uintptr_t>(&position);
        bool own = false;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          own |= segment.p_type == PT_LOAD &&
                 self - (info->dlpi_addr + segment.p_vaddr) < segment.p_memsz;
        }
        for (int i = 0; own && i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          const uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
          if (segment.p_type == PT_LOAD)
            add_region(segment.p_flags & PF_W ? Kind::kShared : Kind::kConstant,
                       {begin, begin + segment.p_memsz});
        }
        return own ? 1 : 0;
      },
      nullptr);
}

Region* region_of(uintptr_t address) {
  for (Region* region : recent)
    if (region && address - region->range.begin < region->range.end - region->range.begin)
      return region;
  if (regions.empty()) add_own_segments();
  auto after = regions.upper_bound(address);
  if (after == regions.begin()) return nullptr;
  Region* region = std::prev(after)->second.get();
  if (address >= region->range.end) return nullptr;
  return recent[turn++ % recent.size()] = region;
}

const char* verb(Access access) {
  switch (access) {
    case Access::kRead: return "reads";
    case Access::kWrite: return "writes";
    default: return "updates";
  }
}

const char* place(const Region& region) {
  return region.kind == Kind::kShared ? "shared memory" : "an allocation";
}

[[noreturn]] void stop_outside(uintptr_t address, size_t bytes, Access access) {
  auto after = regions.upper_bound(address);
  if (after == regions.begin())
    stop_launch("%s %zu bytes that are in no allocation", verb(access), bytes);
  const Region& before = *std::prev(after)->second;
  stop_launch("%s %zu bytes at offset %zu of an allocation of %zu bytes", verb(access), bytes,
              address - before.range.begin, before.range.end - before.range.begin);
}

[[noreturn]] void stop_race(const Region& region, uintptr_t address, size_t bytes, Access access,
                            const Stamp& other, bool with_read) {
  const dim3& size = position.block_size;
  const bool copy = other.thread >= static_cast<int>(size.x * size.y * size.z);  // see copier_of()
  stop_launch("race: %s %zu bytes at offset %zu of %s that %s %d of block number %u %s, with "
              "nothing between that orders them", verb(access), bytes,
              address - region.range.begin, place(region), copy ? "bulk copy" : "thread",
              other.thread, other.block, with_read ? "reads" : "writes");
}

// The bytes of the word at `word` that lie in [begin, end), one bit each.
uint8_t bytes_in(uintptr_t word, uintptr_t begin, uintptr_t end) {
  const uintptr_t skipped = begin > word ? begin - word : 0;
  const uintptr_t past = word + kWordBytes > end ? word + kWordBytes - end : 0;
  return static_cast<uint8_t>(0xfu >> past & 0xfu << skipped);
}

// Another block's shared memory is not this one's, so writes to it count for the block only.
bool is_written(const Region& region, size_t index, uint8_t bytes) {
  return region.kind == Kind::kShared ? region.shadows[index].write.block == now.block
                                      : (region.written[index] & bytes) == bytes;
}

void check_word(Region& region, size_t index, uint8_t bytes, uintptr_t begin, size_t size,
                Access access) {
  const bool shared = region.kind == Kind::kShared;
  Shadow& shadow = region.shadows[index];
  const Stamp* other = note_access(shadow, access, bytes, shared);
  if (other) stop_race(region, begin, size, access, *other, other == &shadow.read);
  if (access != Access::kWrite && !is_written(region, index, bytes))
    stop_launch("%s %zu bytes at offset %zu of %s that nothing has written", verb(access), size,
                begin - region.range.begin, place(region));
}

void mark_written(Region& region, uintptr_t begin, size_t bytes, uint8_t mask) {
  const size_t first = region.word(begin), last = region.word(begin + bytes + kWordBytes - 1);
  std::memset(&region.written[first], mask, last - first);
}

// What a kernel may read beside memory: threadIdx and its kin, and its parameters.
bool is_launch_state(uintptr_t address, Access access) {
  return access == Access::kRead &&
         (address - reinterpret_cast<uintptr_t>(&position) < sizeof position ||
          address - now.parameters < now.parameter_bytes);
}

}  // namespace

void check_access(const void* data, size_t bytes, Access access) {
  const auto begin = reinterpret_cast<uintptr_t>(data);
  if (is_launch_state(begin, access)) return;
  Region* region = region_of(begin);
  if (!region || !region->allows(begin, begin + bytes)) stop_outside(begin, bytes, access);
  if (region->kind == Kind::kConstant) {
    if (access != Access::kRead) stop_launch("%s a constant", verb(access));
    return;
  }
  // Whole words and vectors of them; the rest are ranges, which need no alignment.
  if ((bytes & (bytes - 1)) == 0 && (begin & (bytes - 1)) != 0)
    stop_launch("%s %zu bytes at an address that is not a multiple of that", verb(access), bytes);
  ++now.accesses;
  if (access != Access::kRead && region->kind == Kind::kShared) check_products(data, bytes);
  const bool marks = access != Access::kRead && region->kind == Kind::kGlobal;
  if (!now.thorough && !marks) return;
  size_t index = region->word(begin);
  for (uintptr_t word = begin - begin % kWordBytes; word < begin + bytes; word += kWordBytes) {
    const uint8_t mask = bytes_in(word, begin, begin + bytes);
    if (now.thorough) check_word(*region, index, mask, begin, bytes, access);
    if (marks) region->written[index] |= mask;
    ++index;
  }
}

void check_published(const void* data, size_t bytes, Access access) {
  const auto begin = reinterpret_cast<uintptr_t>(data);
  const Region* region = region_of(begin);
  if (!region || region->kind != Kind::kShared || begin + bytes > region->range.end)
    stop_outside(begin, bytes, access);
  if (!now.thorough) return;
  const Clock& known = own_clock();
  for (size_t i = region->word(begin); i < region->word(begin + bytes); ++i) {
    const Stamp& write = region->shadows[i].write;
    if (write.block != now.block) {
      if (access == Access::kWrite) continue;
      stop_launch("a product reads shared memory that nothing has written");
    }
    const auto writer = static_cast<size_t>(write.thread);
    if (write.block_phase == now.block_phase && write.thread != now.thread && !came_before(write))
      stop_race(*region, begin, bytes, access, write, false);
    if (known.visible[writer] <= write.epoch)
      stop_launch("a product or bulk copy %s shared memory that thread %d wrote and did not "
                  "publish (fence.proxy.async)", verb(access), write.thread);
  }
}

void stamp_copy(const void* data, size_t bytes, int16_t copier, uint32_t epoch) {
  const auto begin = reinterpret_cast<uintptr_t>(data);
  Region& region = *region_of(begin);
  for (size_t i = region.word(begin); i < region.word(begin + bytes); ++i)
    region.shadows[i].write = {now.block, now.block_phase, 0,     epoch,
                               copier,    kMany,           0xfu, false};
}

void* allocate_region(size_t bytes) {
  constexpr size_t kAlign = 256;
  const size_t size = (std::max<size_t>(bytes, 1) + kAlign - 1) / kAlign * kAlign;
  void* data = std::aligned_alloc(kAlign, size);
  if (!data) return nullptr;
  const auto begin = reinterpret_cast<uintptr_t>(data);
  const std::lock_guard lock(launch_mutex());
  if (regions.empty()) add_own_segments();
  add_region(Kind::kGlobal, {begin, begin + bytes});
  bytes_in_use += bytes;
  return data;
}

bool free_region(void* data) {
  const std::lock_guard lock(launch_mutex());
  const auto found = regions.find(reinterpret_cast<uintptr_t>(data));
  if (found == regions.end() || found->second->kind != Kind::kGlobal) return false;
  bytes_in_use -= found->second->range.end - found->second->range.begin;
  regions.erase(found);
  recent.fill(nullptr);
  std::free(data);
  return true;
}

// The caller holds launch_mutex().
SharedRegion::SharedRegion(size_t bytes) {
  constexpr size_t kAlign = 1024;  // what the widest swizzle of a Hopper GPU needs
  if (bytes == 0) return;
  data_ = std::aligned_alloc(kAlign, (bytes + kAlign - 1) / kAlign * kAlign);
  if (!data_) throw std::bad_alloc();
  const auto begin = reinterpret_cast<uintptr_t>(data_);
  if (regions.empty()) add_own_segments();
  add_region(Kind::kShared, {begin, begin + bytes});
}

SharedRegion::~SharedRegion() {
  if (!data_) return;
  regions.erase(reinterpret_cast<uintptr_t>(data_));
  recent.fill(nullptr);
  std::free(data_);
}

size_t allocated_bytes() {
  const std::lock_guard lock(launch_mutex());
  return bytes_in_use;
}

bool is_allocated(const void* data, size_t bytes) {
  const std::lock_guard lock(launch_mutex());
  const auto begin = reinterpret_cast<uintptr_t>(data);
  const Region* region = region_of(begin);
  return region && region->kind == Kind::kGlobal && region->allows(begin, begin + bytes);
}

bool host_writes(void* data, size_t bytes) {
  if (!is_allocated(data, bytes)) return false;
  const std::lock_guard lock(launch_mutex());
  const auto begin = reinterpret_cast<uintptr_t>(data);
  mark_written(*region_of(begin), begin, bytes, 0xff);
  return true;
}

void confine(const void* allocation) {
  const std::lock_guard lock(launch_mutex());
  region_of(reinterpret_cast<uintptr_t>(allocation))->confined = true;
}

void permit(const void* data, int64_t bytes) {
  enqueue([=] {
    const std::lock_guard lock(launch_mutex());
    const auto begin = reinterpret_cast<uintptr_t>(data);
    Region& region = *region_of(begin);
    region.permitted.push_back({begin, begin + static_cast<uintptr_t>(bytes)});
    mark_written(region, begin, static_cast<size_t>(bytes), 0);
    return cudaSuccess;
  });
}

void forbid_all(const void* allocation) {
  enqueue([=] {
    const std::lock_guard lock(launch_mutex());
    region_of(reinterpret_cast<uintptr_t>(allocation))->permitted.clear();
    return cudaSuccess;
  });
}

}  // namespace vmk::emulator
