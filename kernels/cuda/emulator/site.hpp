#pragma once
// Places in the source, for comparing and printing.
#include <string>
#include <string_view>

#include "scheduler.hpp"

namespace vmk::emulator {

inline bool same(const Site& a, const Site& b) {
  return a.line() == b.line() && std::string_view(a.file_name()) == b.file_name();
}

inline std::string where(const Site& site) {
  const std::string_view path = site.file_name();
  return std::string(path.substr(path.rfind('/') + 1)) + ":" + std::to_string(site.line());
}

}  // namespace vmk::emulator
