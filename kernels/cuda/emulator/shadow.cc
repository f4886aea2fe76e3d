#include "shadow.hpp"

#include "clocks.hpp"

namespace vmk::emulator {

namespace {

// Whether everything behind a stamp happened before now, or touched other bytes.
bool ordered(const Stamp& stamp, uint8_t bytes, bool block_owned) {
  if (stamp.block != now.block)
    return block_owned || stamp.block < now.first_block || !(stamp.bytes & bytes);
  if (stamp.thread == now.thread || stamp.block_phase != now.block_phase) return true;
  if (stamp.warp == now.warp && stamp.warp_phase != now.warp_phase) return true;
  return !(stamp.bytes & bytes) || came_before(stamp);
}

Stamp stamp_of_now(uint8_t bytes, bool atomic) {
  return {now.block, now.block_phase, now.warp_phase, now.epoch, now.thread,
          static_cast<int8_t>(now.warp), bytes, atomic};
}

// A read that nothing orders against an earlier one leaves both in the stamp.
void note_read(Shadow& shadow, uint8_t bytes, bool block_owned) {
  Stamp& read = shadow.read;
  if (ordered(read, bytes, block_owned)) {
    read = stamp_of_now(bytes, false);
    return;
  }
  if (read.block != now.block) {
    shadow.many_blocks = now.first_block;
    read = stamp_of_now(bytes, false);
    return;
  }
  read.thread = kMany;
  read.bytes |= bytes;
  if (read.warp != now.warp) read.warp = kMany;
}

}  // namespace

const Stamp* note_access(Shadow& shadow, Access access, uint8_t bytes, bool block_owned) {
  const bool atomic = access == Access::kAtomic;
  if (!(atomic && shadow.write.atomic) && !ordered(shadow.write, bytes, block_owned))
    return &shadow.write;
  if (access == Access::kRead) {
    note_read(shadow, bytes, block_owned);
    return nullptr;
  }
  if (!ordered(shadow.read, bytes, block_owned)) return &shadow.read;
  if (!block_owned && shadow.many_blocks == now.first_block) return &shadow.read;
  shadow.write = stamp_of_now(bytes, atomic);
  return nullptr;
}

}  // namespace vmk::emulator
