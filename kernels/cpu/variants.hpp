#pragma once
#include "internal.hpp"

namespace vmk {

// A variant table from the array that lists it.
template <class Args, int32_t N>
constexpr Variants<Args> variants(const Variant<Args> (&list)[N]) {
  return {list, N};
}

}  // namespace vmk
