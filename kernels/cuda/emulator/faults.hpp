#pragma once
// The machine that a test asks for: its device, and failures that a real device or driver answers
// once in a while.
#include "cudart.hpp"

namespace vmk::emulator {

struct Faults {
  cudaError_t device_count = cudaSuccess;  // answer of cudaGetDeviceCount
  cudaError_t code = cudaSuccess;          // answer to whether the library has code for the device
  cudaError_t capture = cudaSuccess;       // answer to the end of a capture
  int driver = 13000, runtime = 13000;
  int capability = 90;           // 10 * major + minor
  int shared_bytes = 227 << 10;  // that a block can be given
  size_t device_bytes = size_t{4} << 30;
  // Launches until one fails on the device, after the call that queued it; 0 = none does.
  int launches_to_fault = 0;
  // What the context answers from then on.
  cudaError_t sticky = cudaSuccess;
};
extern Faults faults;

// Counts a launch down.
void count_launch();

}  // namespace vmk::emulator
