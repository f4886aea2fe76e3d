#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "internal.hpp"

namespace vmk {

void fail(vmk_status status, const char* format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  std::vsnprintf(text, sizeof text, format, args);
  va_end(args);
  throw Error(status, text);
}

int64_t copy_text(const std::string& text, char* buf, int64_t cap) {
  if (buf && cap > 0) {
    const size_t n = std::min<size_t>(text.size(), static_cast<size_t>(cap - 1));
    std::memcpy(buf, text.data(), n);
    buf[n] = 0;
  }
  return static_cast<int64_t>(text.size());
}

namespace {

struct Dtype {
  const char* name;
  int64_t bytes;
};
// Indexed by the values of voxmark.h.
constexpr Dtype kDtypes[] = {{"none", 0}, {"f32", 4}, {"f64", 8},  {"i32", 4}, {"i64", 8},
                             {"u8", 1},   {"f16", 2}, {"bf16", 2}, {"i8", 1}};

const Dtype& dtype_of(vmk_dtype dtype) {
  constexpr vmk_dtype count = sizeof kDtypes / sizeof kDtypes[0];
  return kDtypes[dtype > 0 && dtype < count ? dtype : 0];
}

}  // namespace

int64_t dtype_bytes(vmk_dtype dtype) { return dtype_of(dtype).bytes; }
const char* dtype_name(vmk_dtype dtype) { return dtype_of(dtype).name; }

}  // namespace vmk
