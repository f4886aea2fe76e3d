#pragma once
// What is remembered about each word of memory, to tell whether two accesses can race.
#include "memory.hpp"
#include "scheduler.hpp"

namespace vmk::emulator {

constexpr size_t kWordBytes = 4;

// One side of a possible race. thread and warp are kMany when several took part.
constexpr int16_t kMany = -1;
struct Stamp {
  uint32_t block = 0, block_phase = 0, warp_phase = 0, epoch = 0;
  int16_t thread = 0;
  int8_t warp = 0;
  uint8_t bytes : 4 = 0;  // of the word, one bit each
  bool atomic : 1 = false;
};

struct Shadow {
  Stamp write, read;
  uint32_t many_blocks = 0;  // first_block of a launch in which several blocks read the word
};

// Notes an access to some bytes of a word. Answers the stamp it races with, or nullptr. Memory that
// the block owns (shared memory) cannot be touched by other blocks. Two threads that write halves
// of one word leave the stamp of the later one only: such races may go unseen, none is made up.
const Stamp* note_access(Shadow& shadow, Access access, uint8_t bytes, bool block_owned);

}  // namespace vmk::emulator
