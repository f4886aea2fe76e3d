#pragma once
// What the builders of output coordinates and kernel maps share.
#include "keys.hpp"

namespace vmk {

constexpr int64_t kMapGrain = 4096;  // outputs a task

// Ranges of both sets of coordinates; throws when one is out of the range of voxmark.h.
void check_coords(CpuDevice& device, const KernelMap& a, Range* in, Range* out);

// Whether the map is its own mirror image: submanifold, on distinct coordinates.
bool is_mirrored(const KernelMap& a, int64_t distinct);

// What the searches of a mirrored map find in place: the centre, and nothing yet in the rows that
// are written as mirror images only.
void fill_mirrored(CpuDevice& device, const KernelMap& a, const std::vector<int32_t*>& mirrors);

void build_by_hash(CpuDevice& device, const KernelMap& a);

// Range of the outputs of inputs in a range.
Range output_range(const Downsample& a, const Range& in);
[[noreturn]] void fail_capacity(int64_t found, int64_t capacity);

void downsample_radix(Device& device, const Downsample& a);
void downsample_ref(Device& device, const Downsample& a);
void kernel_map_sorted(Device& device, const KernelMap& a);
void kernel_map_ref(Device& device, const KernelMap& a);

}  // namespace vmk
