#pragma once
// The borders of scratch arrays. An arena hands out parts of one allocation, so running over the
// end of one would go unnoticed: a confined allocation may be touched only where it was permitted.
#include <cstdint>

namespace vmk::emulator {

void confine(const void* allocation);
// What was there before counts as not written.
void permit(const void* data, int64_t bytes);
void forbid_all(const void* allocation);

}  // namespace vmk::emulator
