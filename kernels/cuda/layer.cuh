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
  // Index of the offset through which output q reads input p; they must be such a pair.
  __device__ int index(const Coord& p, const Coord& q) const {
    return index_at(step(p.x, q.x, 0), step(p.y, q.y, 1), step(p.z, q.z, 2));
  }
  // Index of the offset at step (x, y, z), each in 0 .. kernel - 1, as Geometry::index.
  __device__ int index_at(int x, int y, int z) const {
    return odd ? (z * kernel[1] + y) * kernel[0] + x : (x * kernel[1] + y) * kernel[2] + z;
  }
  // Key of the input that output q reads through offset k. In 64 bits: q may be anything.
  __device__ uint64_t input_key(const Coord& q, int k) const {
    return key_of(q.b, input(q.x, k, 0), input(q.y, k, 1), input(q.z, k, 2));
  }
  // Key of the input that output q reads through the offset at step (x, y, z).
  __device__ uint64_t input_key(const Coord& q, int x, int y, int z) const {
    return key_of(q.b, input_at(q.x, x, 0), input_at(q.y, y, 1), input_at(q.z, z, 2));
  }
  // Where that input lies along an axis.
  __device__ int64_t input(int q, int k, int axis) const {
    return input_at(q, offset(k, axis) - low(axis), axis);
  }

 private:
  __device__ int64_t input_at(int q, int step, int axis) const {
    return static_cast<int64_t>(q) * stride[axis] +
           static_cast<int64_t>(step + low(axis)) * dilation[axis];
  }
  __device__ int step(int p, int q, int axis) const {
    return static_cast<int>((p - static_cast<int64_t>(q) * stride[axis]) / dilation[axis]) -
           low(axis);
  }
};

}  // namespace vmk
