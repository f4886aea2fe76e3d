#include "data_errors.hpp"

#include <cstdio>
#include <cstring>

#include "internal.hpp"

namespace vmk {

namespace {

constexpr unsigned long long kNone = ~0ull;
constexpr const char* kAxisNames[4] = {"batch", "x", "y", "z"};

struct Note {
  int axis = 0;
  long long row = 0;
  uint32_t value = 0;

  int32_t integer() const { return static_cast<int32_t>(value); }
  double real() const {
    float bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
  }
};

// The lowest row of all axes; of the same row the first axis.
bool first_note(const unsigned long long (&slots)[4], Note& note) {
  bool found = false;
  for (int axis = 0; axis < 4; ++axis) {
    if (slots[axis] == kNone) continue;
    const auto row = static_cast<long long>(slots[axis] >> 32);
    if (found && row >= note.row) continue;
    note = {axis, row, static_cast<uint32_t>(slots[axis])};
    found = true;
  }
  return found;
}

[[noreturn]] void fail_coordinate(const char* what, const Note& note) {
  const bool batch = note.axis == 0;
  fail(VMK_INVALID_ARGUMENT, "Cannot %s: row %lld has %s = %d, not in [%d, %d]", what, note.row,
       kAxisNames[note.axis], note.integer(), batch ? 0 : VMK_COORD_MIN,
       batch ? VMK_BATCH_MAX : VMK_COORD_MAX);
}

[[noreturn]] void fail_point(const DataErrors& log, const Note& note) {
  if (note.axis == 0)
    fail(VMK_INVALID_ARGUMENT, "Cannot quantize points: point %lld has batch = %d, not in [0, %d]",
         note.row, note.integer(), VMK_BATCH_MAX);
  const char* axis = kAxisNames[note.axis];
  Note voxel;
  // Another point may be the first of the far ones; this one is not finite then.
  if (!first_note(log.first[kFarVoxel], voxel) || voxel.row != note.row || voxel.axis != note.axis)
    fail(VMK_INVALID_ARGUMENT, "Cannot quantize points: point %lld has %s = %g, not finite",
         note.row, axis, note.real());
  fail(VMK_INVALID_ARGUMENT,
       "Cannot quantize points: point %lld has %s = %g, voxel %.0f, not in [%d, %d]", note.row,
       axis, note.real(), voxel.real(), VMK_COORD_MIN, VMK_COORD_MAX);
}

[[noreturn]] void fail_position(const char* what, const Note& note, const char* needed) {
  fail(VMK_INVALID_ARGUMENT, "Cannot %s: row %lld has %s = %g, %s", what, note.row,
       kAxisNames[note.axis], note.real(), note.axis == 0 ? "not a batch number" : needed);
}

// `format` takes the row and the value.
__attribute__((format(printf, 2, 0))) [[noreturn]] void fail_value(vmk_status status,
                                                                  const char* format,
                                                                  const Note& note) {
  char text[256];
  std::snprintf(text, sizeof text, format, note.row, note.integer());
  fail(status, "%s", text);
}

[[noreturn]] void fail_note(const DataErrors& log, int what, const Note& note) {
  constexpr vmk_status kInvalid = VMK_INVALID_ARGUMENT;
  switch (what) {
    case kOtherContent:
      fail(kInvalid, "Cannot run a plan: step %lld reads other values than when it was recorded",
           note.row);
    case kBadPoint: fail_point(log, note);
    case kBadVoxelizeRow: fail_coordinate("voxelize coords", note);
    case kBadInsertRow: fail_coordinate("insert coords", note);
    case kBadDownsampleRow: fail_coordinate("downsample coords", note);
    case kBadInputRow: fail_coordinate("build the kernel map of in_coords", note);
    case kBadOutputRow: fail_coordinate("build the kernel map of out_coords", note);
    case kBadVoxelRow: fail_coordinate("map points to voxels", note);
    case kBadPosition: fail_position("map positions", note, "not a voxel coordinate");
    case kFullTable:
      fail(kInvalid, "Cannot query the hash table: none of its %lld slots is empty", note.row);
    case kBadIndex:
      fail_value(kInvalid, "Cannot devoxelize: row %lld of index names row %d, feats has fewer",
                 note);
    case kBadMapEntry:
      fail_value(kInvalid, "Cannot read map: output row %lld reads row %d, the input has fewer",
                 note);
    case kDoubleRead:
      fail_value(kInvalid, "Cannot transpose map: input row %lld is read twice through offset %d",
                 note);
    case kBadStarts:
      fail_value(kInvalid, "Cannot list pairs: starts is not of this map, which has %2$d pairs at "
                 "offset %1$lld", note);
    case kBadPairCount:
      fail_value(kInvalid, "Cannot list pairs: pairs has %lld columns, %d are needed", note);
    case kBadConvStarts:
      fail_value(kInvalid, "Cannot convolve: the pairs of offset %lld start at %d, which does not "
                 "fit the pairs", note);
    case kBadPair:
      fail_value(kInvalid, "Cannot convolve: pair %lld names row %d, which is not there or out of "
                 "order", note);
    case kBadOrder:
      fail_value(kInvalid, "Cannot convolve: place %lld of order names row %d, out has fewer", note);
    case kBadCell:
      fail_value(kInvalid, "Cannot group points: cells[%lld] = %d, the grid has fewer", note);
    case kBadGroup:
      fail_value(kInvalid, "Cannot reduce group %lld: it names row %d, which is not there", note);
    case kBadInterval:
      fail_value(kInvalid, "Cannot pool: interval %lld is cell %d, cells must ascend inside the "
                 "grid", note);
    case kBadReduceRow:
      fail_value(kInvalid, "Cannot reduce: output row %lld of map reads row %d, feats has fewer",
                 note);
    case kBadQuery:
      fail_value(kInvalid, "Cannot attend: queries[%lld] = %d, query has fewer rows", note);
    case kDoubleQuery:
      fail_value(kInvalid, "Cannot attend: queries[%lld] = %d, which is named before", note);
    case kBadKey:
      fail_value(kInvalid, "Cannot attend: keys[%lld] = %d, key has fewer rows", note);
    case kBadGridPosition: fail_position("voxelize", note, "not a position");
    case kBadWeightCount:
      fail_value(kInvalid, "Cannot compress weights: index and value have %lld entries, starts "
                 "goes to %d", note);
    case kBadWeightStarts:
      fail_value(kInvalid, "Cannot compress weights: starts is not of these weights, column %lld "
                 "has %d of them", note);
    case kBadSparseWeights:
      fail_value(kInvalid, "Cannot convolve: column %lld of the weights ends at %d, starts must "
                 "ascend from 0 to the entries of index", note);
    case kBadWeightIndex:
      fail_value(kInvalid, "Cannot convolve: index[%lld] = %d, feats has fewer channels", note);
    case kFewVoxels:
      fail_value(VMK_CAPACITY, "Cannot voxelize: voxels has %lld rows, %d are needed", note);
    case kFewOutCoords:
      fail_value(VMK_CAPACITY, "Cannot downsample: out_coords has %lld rows, %d are needed", note);
    case kFewKept:
      fail_value(VMK_CAPACITY, "Cannot group points: order has %lld rows, %d are needed", note);
    case kFewIntervals:
      fail_value(VMK_CAPACITY, "Cannot group points: there is room for %lld intervals, %d are "
                 "needed", note);
    case kBadRowCount:
      fail_value(kInvalid, "Cannot map a network: coords has %lld rows, of which %d should be there",
                 note);
  }
  fail(VMK_INTERNAL, "Cannot read the log of data errors: entry %d is unknown", what);
}

}  // namespace

void raise_data_errors(const DataErrors& log) {
  Note note;
  for (int what = 0; what < kDataErrors; ++what)
    if (first_note(log.first[what], note)) fail_note(log, what, note);
}

}  // namespace vmk
