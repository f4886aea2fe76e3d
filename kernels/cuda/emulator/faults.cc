#include "faults.hpp"

namespace vmk::emulator {

Faults faults;

void count_launch() {
  if (faults.launches_to_fault == 0 || --faults.launches_to_fault > 0) return;
  faults.sticky = cudaErrorIllegalAddress;
}

}  // namespace vmk::emulator
