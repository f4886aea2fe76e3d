#pragma once
// Bad values inside device data (a point that is NaN, a coordinate out of range) are found by
// kernels, which cannot stop the host: they note the first offending row here, and the host reads
// the log when it next waits. Notes are 64-bit minima, so the row reported is always the same.
#include <cuda_runtime.h>

#include <cstdint>

namespace vmk {

// What was wrong, in the order in which the host looks. The text of each is in data_errors.cu; the
// comment says what row and value mean where it is not the row and what was found there.
enum DataError : int {
  // The rest may follow from these.
  kOtherContent,  // row: the step of the plan
  kFewOutCoords,  // row: the capacity, value: the rows needed
  kBadRowCount,   // row: the capacity
  kBadPoint,  // axis 0: the batch, else the f32 bits of the point
  kFarVoxel,  // the f32 bits of its voxel, beside kBadPoint when the point is finite
  kBadVoxelizeRow,
  kBadInsertRow,
  kBadDownsampleRow,
  kBadInputRow,
  kBadOutputRow,
  kBadVoxelRow,
  kBadPosition,  // f32 bits
  kFullTable,    // row: the capacity
  kBadIndex,
  kBadMapEntry,  // row: the output row
  kDoubleRead,   // row: the input row, value: the offset
  kBadStarts,    // row: the offset, value: the pairs that the map has there
  kBadPairCount,  // row: the columns of pairs, value: those needed
  kBadConvStarts,  // row: the offset, value: where its pairs start
  kBadPair,        // value: the input row, or the output row that does not ascend
  kBadOrder,       // row: the place
  kBadCell,
  kBadGroup,   // value: the row of feats that it names
  kBadInterval,
  kBadReduceRow,     // row: the output row
  kBadQuery,         // row: the place in queries
  kDoubleQuery,      // row: the place in queries
  kBadKey,           // row: the place in keys
  kBadGridPosition,  // f32 bits
  kBadWeightCount,   // row: the entries of index, value: where starts ends
  kBadWeightStarts,  // row: the column, value: the weights that it has
  kBadSparseWeights,  // row: the column, value: where the one behind it starts
  kBadWeightIndex,
  kFewVoxels,  // of these: row is the capacity, value the rows needed
  kFewKept,
  kFewIntervals,
  kDataErrors,
};

// One note per error and axis (batch, x, y, z; 0 where there is none): row << 32 | value, all ones
// while there is none.
struct DataErrors {
  unsigned long long first[kDataErrors][4];
};

// Throws the Error of the first note in the log, if there is one.
void raise_data_errors(const DataErrors& log);

#if defined(__CUDACC__) || defined(VMK_EMULATED)
__device__ inline void note(DataErrors* log, DataError what, int axis, int64_t row,
                            int64_t value) {
  atomicMin(&log->first[what][axis], static_cast<unsigned long long>(row) << 32 |
                                         static_cast<uint32_t>(value));
}
#endif

}  // namespace vmk
