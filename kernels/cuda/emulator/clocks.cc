#include "clocks.hpp"

#include <algorithm>

namespace vmk::emulator {

namespace {

constexpr int kWarp = 32;

// Of one block, made when its first thread asks.
struct Clocks {
  uint32_t block = 0;
  std::vector<Clock> threads;
};
Clocks clocks;

int threads_of_block() {
  const dim3& size = position.block_size;
  return static_cast<int>(size.x * size.y * size.z);
}

bool are_there() { return clocks.block == now.block; }

void raise(std::vector<uint32_t>& to, const std::vector<uint32_t>& from) {
  for (size_t i = 0; i < to.size(); ++i) to[i] = std::max(to[i], from[i]);
}

}  // namespace

void Clock::join(const Clock& other) {
  raise(happened, other.happened);
  raise(visible, other.visible);
  raise(products, other.products);
}

Clock new_clock() {
  const auto threads = static_cast<size_t>(threads_of_block());
  const std::vector<uint32_t> none(threads + kMostBarriers);
  return {none, none, std::vector<uint32_t>((threads + kWarp - 1) / kWarp)};
}

Clock& own_clock() {
  if (!are_there())
    clocks = {now.block, std::vector<Clock>(static_cast<size_t>(threads_of_block()), new_clock())};
  return clocks.threads[static_cast<size_t>(now.thread)];
}

void end_epoch() { now.epoch = ++own_clock().happened[static_cast<size_t>(now.thread)]; }

int16_t copier_of(int barrier) { return static_cast<int16_t>(threads_of_block() + barrier); }

bool came_before(const Stamp& stamp) {
  if (!are_there() || stamp.thread == kMany) return false;
  return own_clock().happened[static_cast<size_t>(stamp.thread)] > stamp.epoch;
}

uint32_t epoch_of(int thread) {
  const auto t = static_cast<size_t>(thread);
  return are_there() ? clocks.threads[t].happened[t] : 0;
}

void join_block() {
  if (!are_there()) return;
  Clock all = new_clock();
  for (size_t t = 0; t < clocks.threads.size(); ++t) {
    ++clocks.threads[t].happened[t];
    all.join(clocks.threads[t]);
  }
  std::fill(clocks.threads.begin(), clocks.threads.end(), all);
}

}  // namespace vmk::emulator
