#pragma once
// The geometry of a layer as kernels get it.
#include "coords.cuh"

namespace vmk {

struct Layer {
  int kernel[3], stride[3], dilation[3];
  bool odd;  // an odd kernel volume counts x fastest, an even one z fastest

  __host__ explicit Layer(const Geometry& g) : odd(g.volume() % 2 != 0) {
    for (int axis = 0; axis < 3; ++axis) {
      kernel[axis] = g.kernel[axis];
      stride[axis] = g.stride[axis];
      dilation[axis] = g.dilation[axis];
    }
  }
  // First offset of an axis, as Geometry::low.
  __device__ int low(int axis) const { return -((kernel[axis] - 1) / 2); }
  // Offset of index k along an axis, as Geometry::offset.
  __device__ int offset(int k, int axis) const {
    const int fast = odd ? 0 : 2;
    int step = k;
    if (axis != fast) step /= kernel[fast];
    if (axis == 2 - fast) step /= kernel[1];
    if (axis != 2 - fast) step %= kernel[axis];
    return step + low(axis);
  }
  // Key of the input that output q reads through offset k. In 64 bits: q may be anything.
  __device__ uint64_t input_key(const Coord& q, int k) const {
    return key_of(q.b, input(q.x, k, 0), input(q.y, k, 1), input(q.z, k, 2));
  }

 private:
  __device__ int64_t input(int q, int k, int axis) const {
    return static_cast<int64_t>(q) * stride[axis] +
           static_cast<int64_t>(offset(k, axis)) * dilation[axis];
  }
};

}  // namespace vmk
