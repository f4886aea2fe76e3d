#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "clocks.hpp"
#include "memory.hpp"
#include "site.hpp"
#include "warpgroup.hpp"

namespace vmk::emulator {

namespace {

constexpr int kMostCount = (1 << 20) - 1;  // of arrivals, and of bytes
constexpr uintptr_t kVector = 16;

struct Copy {
  unsigned char* to;
  const unsigned char* from;
  size_t bytes;
};

struct Barrier {
  int number = 0, expected = 0, pending = 0;
  int16_t owner = 0;       // who initialized it
  bool published = false;  // to the copies
  int64_t bytes = 0;       // announced and not copied
  uint32_t phase = 0;
  Clock arriving, done;  // of this phase and the last
  std::vector<int> waiting;
  std::vector<Copy> copies;  // begun
};

// Of one block.
struct Barriers {
  uint32_t block = 0;
  std::map<const uint64_t*, Barrier> all;
};
Barriers barriers;

std::map<const uint64_t*, Barrier>& own_barriers() {
  if (barriers.block != now.block) barriers = {now.block, {}};
  return barriers.all;
}

Barrier& barrier_at(const uint64_t* at, const Site& site) {
  check_access(at, sizeof *at, Access::kAtomic);
  const auto found = own_barriers().find(at);
  if (found == own_barriers().end())
    stop_launch("%s: there is no barrier at this address", where(site).c_str());
  return found->second;
}

// Ends the phase when nothing is missing.
void try_phase(Barrier& barrier) {
  if (barrier.pending > 0 || barrier.bytes != 0) return;
  ++barrier.phase;
  barrier.pending = barrier.expected;
  barrier.done = barrier.arriving;
  for (const int thread : std::exchange(barrier.waiting, {})) wake(thread);
}

// Does the copies that were begun: their writes are the barrier's, in an epoch of their own.
void land_copies(Barrier& barrier) {
  if (barrier.copies.empty()) return;
  const int16_t copier = copier_of(barrier.number);
  uint32_t& epoch = barrier.arriving.happened[static_cast<size_t>(copier)];
  for (const Copy& copy : std::exchange(barrier.copies, {})) {
    std::memcpy(copy.to, copy.from, copy.bytes);
    if (now.thorough) stamp_copy(copy.to, copy.bytes, copier, epoch);
    barrier.bytes -= static_cast<int64_t>(copy.bytes);
  }
  ++epoch;
  barrier.arriving.visible[static_cast<size_t>(copier)] = epoch;
  try_phase(barrier);
}

void arrive_at(Barrier& barrier, const Site& site) {
  if (barrier.pending == 0)
    stop_launch("%s: more than the %d arrivals that the barrier waits for", where(site).c_str(),
                barrier.expected);
  end_epoch();
  barrier.arriving.join(own_clock());
  --barrier.pending;
  try_phase(barrier);
}

}  // namespace

void init_barrier(uint64_t* at, int arrivals) {
  const Outside outside;
  check_access(at, sizeof *at, Access::kWrite);
  const auto number = static_cast<int>(own_barriers().size());
  if (arrivals < 1 || arrivals > kMostCount || number == kMostBarriers)
    stop_launch("barrier number %d for %d arrivals", number, arrivals);
  const auto [found, fresh] = own_barriers().try_emplace(at);
  if (!fresh) stop_launch("initializes a barrier twice");
  Barrier& barrier = found->second;
  barrier.number = number;
  barrier.expected = barrier.pending = arrivals;
  barrier.owner = now.thread;
  barrier.arriving = barrier.done = new_clock();
}

void publish_barriers() {
  const Outside outside;
  for (auto& [at, barrier] : own_barriers()) barrier.published |= barrier.owner == now.thread;
}

void arrive(uint64_t* at, Site site) {
  const Outside outside;
  arrive_at(barrier_at(at, site), site);
}

void arrive_expecting(uint64_t* at, int bytes, Site site) {
  const Outside outside;
  Barrier& barrier = barrier_at(at, site);
  barrier.bytes += bytes;
  if (bytes < 0 || barrier.bytes > kMostCount)
    stop_launch("%s: a barrier counts at most %d bytes", where(site).c_str(), kMostCount);
  arrive_at(barrier, site);
}

void wait_for(uint64_t* at, int parity, Site site) {
  const Outside outside;
  Barrier& barrier = barrier_at(at, site);
  while (barrier.phase % 2 == static_cast<uint32_t>(parity)) {
    land_copies(barrier);
    if (barrier.phase % 2 != static_cast<uint32_t>(parity)) break;
    barrier.waiting.push_back(now.thread);
    park(site, barrier.number, barrier.phase);
  }
  own_clock().join(barrier.done);
}

void copy_bulk(void* to, const void* from, int bytes, uint64_t* at, Site site) {
  const Outside outside;
  Barrier& barrier = barrier_at(at, site);
  if (!barrier.published)
    stop_launch("%s: a copy counts at a barrier that was not published", where(site).c_str());
  const auto ends = reinterpret_cast<uintptr_t>(to) | reinterpret_cast<uintptr_t>(from);
  if (bytes <= 0 || (ends | static_cast<uintptr_t>(bytes)) % kVector != 0)
    stop_launch("%s: a bulk copy of %d bytes, or its ends, are not whole vectors of 16 bytes",
                where(site).c_str(), bytes);
  const Copy copy{static_cast<unsigned char*>(to), static_cast<const unsigned char*>(from),
                  static_cast<size_t>(bytes)};
  for (size_t i = 0; i < copy.bytes; i += kVector) {
    check_access(copy.from + i, kVector, Access::kRead);
    check_published(copy.to + i, kVector, Access::kWrite);
    check_access(copy.to + i, kVector, Access::kWrite);
  }
  std::memset(copy.to, 0xff, copy.bytes);
  barrier.copies.push_back(copy);
  if (!barrier.waiting.empty()) land_copies(barrier);
}

void publish_writes() {
  const Outside outside;
  end_epoch();
  own_clock().visible[static_cast<size_t>(now.thread)] = now.epoch;
}

}  // namespace vmk::emulator
