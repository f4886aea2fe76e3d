#pragma once
// Which outputs of a strided layer an input takes part in.
#include <numeric>

#include "layer.cuh"

namespace vmk {

struct Bounds {
  bool bounded;
  int32_t low[3], high[3];

  __host__ explicit Bounds(const Downsample& a) : bounded(a.bounded) {
    for (int axis = 0; axis < 3; ++axis) {
      low[axis] = a.bounds[axis];
      high[axis] = a.bounds[axis + 3];
    }
  }

  __device__ bool allow(int64_t v, int axis) const {
    return axis_fits(v) && (!bounded || (v >= low[axis] && v <= high[axis]));
  }
};

__device__ inline int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

// The outputs of one input along one axis.
struct AxisOutputs {
  const Layer& layer;
  const Bounds& bounds;
  int axis;
  int64_t p;

  // The output that reads p through step i, if there is one that may exist.
  __device__ bool at(int i, int64_t* q) const {
    const int64_t from = p - static_cast<int64_t>(i + layer.low(axis)) * layer.dilation[axis];
    *q = floor_div(from, layer.stride[axis]);
    return *q * layer.stride[axis] == from && bounds.allow(*q, axis);
  }
};

// Calls each(key) for the outputs that read p and may exist.
template <class Each>
__device__ inline void for_outputs(const Layer& layer, const Bounds& bounds, const Coord& p,
                                   Each&& each) {
  const AxisOutputs x{layer, bounds, 0, p.x}, y{layer, bounds, 1, p.y}, z{layer, bounds, 2, p.z};
  int64_t q[3];
  for (int ix = 0; ix < layer.kernel[0]; ++ix) {
    if (!x.at(ix, &q[0])) continue;
    for (int iy = 0; iy < layer.kernel[1]; ++iy) {
      if (!y.at(iy, &q[1])) continue;
      for (int iz = 0; iz < layer.kernel[2]; ++iz)
        if (z.at(iz, &q[2])) each(key_of(p.b, q[0], q[1], q[2]));
    }
  }
}

// Sorted keys end in kNoKey, which is no output.
__device__ inline bool starts_output(const uint64_t* keys, int64_t i) {
  return keys[i] != kNoKey && (i == 0 || keys[i] != keys[i - 1]);
}

// Most outputs that an input can reach. Steps that divide evenly lie stride / gcd apart.
inline int64_t most_outputs(const Downsample& a) {
  if (a.mode == VMK_OUT_FLOOR) return 1;
  int64_t most = 1;
  for (int axis = 0; axis < 3; ++axis) {
    const int32_t stride = a.geometry.stride[axis];
    const int32_t apart = stride / std::gcd(stride, a.geometry.dilation[axis]);
    most *= ceil_div(a.geometry.kernel[axis], apart);
  }
  return most;
}

}  // namespace vmk
