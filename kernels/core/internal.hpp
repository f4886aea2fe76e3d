#pragma once
// What the entries (core/) and the backends (cpu/, cuda/) share: errors, handles, argument
// structs and the variant tables. Entries check; what a backend receives can be trusted, except
// row numbers inside device data, which the CPU backend checks.
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "bev.hpp"
#include "voxels.hpp"
#include "voxmark.h"
#include "weights.hpp"

namespace vmk {

struct Error : std::runtime_error {
  vmk_status status;
  Error(vmk_status s, const std::string& what) : std::runtime_error(what), status(s) {}
};

[[noreturn]] __attribute__((format(printf, 2, 3))) void fail(vmk_status status, const char* format,
                                                             ...);

int64_t dtype_bytes(vmk_dtype dtype);
const char* dtype_name(vmk_dtype dtype);
int64_t copy_text(const std::string& text, char* buf, int64_t cap);

}  // namespace vmk

struct vmk_tensor {
  vmk_ctx* ctx = nullptr;
  void* data = nullptr;
  vmk_dtype dtype = 0;
  int32_t ndim = 0;
  int64_t capacity = 0;  // rows it was made with
  int64_t columns = 0;   // and its second dimension
  std::array<int64_t, VMK_MAX_DIMS> shape{};

  int64_t row_elements() const;  // product of all dimensions but the first
  int64_t bytes() const;
  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
};

namespace vmk {

// What a device made of the ops of a plan, to queue them at once.
struct Graph {
  virtual ~Graph() = default;
};

// A backend derives from this: the memory, the clock and the scratch arena of one device.
struct Device {
  virtual ~Device() = default;
  virtual void* alloc(int64_t bytes) = 0;  // 64-byte aligned or more; throws Error
  virtual void release(void* data) noexcept = 0;
  virtual void upload(void* to, const void* from, int64_t bytes) = 0;
  virtual void download(void* to, const void* from, int64_t bytes) = 0;
  virtual void copy(void* to, const void* from, int64_t bytes) = 0;  // both in its memory
  // Fails, now or at the next wait, unless both hold the same bytes; `step` is for the text.
  virtual void expect_same(const void* found, const void* expected, int64_t bytes,
                           int64_t step) = 0;
  virtual bool is_host() const = 0;  // the caller may read its memory at once
  virtual void sync() = 0;
  virtual void timer_start() = 0;
  virtual double timer_stop_ms() = 0;
  virtual void reserve(int64_t bytes) = 0;
  virtual int64_t scratch_bytes() const = 0;
  // A device that does its work in order has one queue.
  virtual void queue(int32_t) {}
  virtual void join() {}
  // A graph of what `run` queues, which is not executed now; null, and why, where there is none.
  virtual std::unique_ptr<Graph> capture(const std::function<void()>& run, std::string& why) = 0;
  // Queues a graph; false when it must be captured again, since scratch memory has moved.
  virtual bool launch(Graph& graph) = 0;
  virtual void end_op() noexcept = 0;  // gives the scratch of the op back to the arena
  virtual int32_t threads() const = 0;
  virtual int32_t limit_isa(int32_t level) = 0;
  virtual double probe(int32_t which, int64_t bytes) = 0;
};

// Each backend defines these three.
int32_t device_count();
std::string device_info(int32_t device);
Device* open_device(int32_t device, int32_t threads);  // nullptr when it cannot be opened
std::string build_info();

struct Geometry {
  std::array<int32_t, 3> kernel, stride, dilation;

  int64_t volume() const;
  bool submanifold() const;  // odd kernel, stride 1: the map is its own mirror image
  // Offset of index k in the order of voxmark.h, not yet multiplied by the dilation.
  std::array<int32_t, 3> offset(int64_t k) const;
  // Index of the offset at step (ix, iy, iz), each in 0 .. kernel - 1.
  int64_t index(int32_t ix, int32_t iy, int32_t iz) const;
  // First offset of an axis.
  int32_t low(int axis) const { return -((kernel[axis] - 1) / 2); }
};

struct Downsample {
  const int32_t* coords;
  int32_t* out_coords;
  int64_t* count;
  int64_t n, capacity;
  Geometry geometry;
  int32_t mode;
  bool bounded;
  std::array<int32_t, 6> bounds;
  const int64_t* rows = nullptr;  // where the device keeps how many of the n rows there are, or all
};
struct KernelMap {
  const int32_t *in_coords, *out_coords;
  int32_t* map;
  int64_t n, m;
  Geometry geometry;
  const int64_t* rows = nullptr;  // as in Downsample, of a submanifold layer: [KV, *rows], or
  bool padded = false;            // [KV, n], -1 behind the rows there are
};
struct StridedMap {
  Downsample layer;  // its capacity is that of the map's columns too
  int32_t* map;      // written as [KV, count], or
  bool padded = false;  // [KV, capacity], -1 behind the count
  bool ordered = false;  // an op has made coords: they are sorted and distinct
};
struct KernelMapTranspose {
  const int32_t* map;
  int32_t* out;
  int64_t kv, m, n;
};
struct KernelMapCount {
  const int32_t* map;
  int64_t* starts;
  int64_t kv, m;
};
struct KernelMapPairs {
  const int32_t* map;
  const int64_t* starts;
  int32_t* pairs;
  int64_t kv, m, p;
};
struct KernelMapOrder {
  const int32_t* map;
  int32_t *order, *ordered;
  int64_t kv, m, parts;
};
struct Epilogue {
  const float *scale, *shift;  // or nullptr
  const void* residual;        // or nullptr; of the output's dtype
  int32_t activation;
  float slope;

  bool empty() const { return !scale && !shift && !residual && activation == VMK_ACT_NONE; }
};
struct ConvSettings {
  double epsilon = 0;
  int64_t threshold = 0;
  int32_t splits = 1;
  int32_t tile = -1;   // number in the backend's list, -1: its choice
  int32_t pieces = 0;  // 0: its choice
};
struct SparseConv {
  const void *feats, *weight;
  const int32_t* map;
  const int32_t* pairs;   // or nullptr
  const int64_t* starts;  // or nullptr
  const int32_t* order;   // [parts, m] or nullptr
  const int32_t* ordered;  // [kv, m] or nullptr, as order
  void* out;
  int64_t n, m, kv, cin, cout, p, parts;
  bool packed;  // weight is
  vmk_dtype dtype;
  Epilogue epilogue;
  ConvSettings settings;
};

template <class Args>
struct Variant {
  const char* name;
  void (*run)(Device&, const Args&);
  bool needs_pairs = false;  // of sparse_conv only
  bool any_dtype = false;    // takes bf16 and f16 beside f32
  bool fused = false;        // of sparse_conv only: applies the epilogue
  bool counted = false;      // of kernel_map only: takes rows that the device counts
  bool sorts = false;        // of sparse_conv only: reads order and ordered where they are given
  bool reads_pairs = false;  // of sparse_conv_wgrad only: where they are given
  bool tiled = false;        // of sparse_conv and its wgrad: can be told which tile to use
  bool warpgroups = false;   // of sparse_conv only: multiplies packed weights on Hopper's products
};
template <class Args>
constexpr Variant<Args> of_any_dtype(const char* name, void (*run)(Device&, const Args&)) {
  return {name, run, false, true};
}
template <class Args>
struct Variants {
  const Variant<Args>* list;
  int32_t count;
};

// The tiles of sparse_conv and of sparse_conv_wgrad: the number of a name, -1 for an unknown one;
// and the names, separated by commas, of those that a variant can use on a device.
int32_t find_conv_tile(const char* name);
int32_t find_wgrad_tile(const char* name);
std::string conv_tiles(Device& device, const Variant<SparseConv>& variant, vmk_dtype dtype);
std::string wgrad_tiles(Device& device, const Variant<SparseConvWgrad>& variant, vmk_dtype dtype);

// Each backend defines one table an op; an empty one says that it does not have the op.
extern const Variants<Quantize> kQuantize;
extern const Variants<Voxelize> kVoxelize;
extern const Variants<VoxelReduce> kVoxelReduce;
extern const Variants<DevoxelizeMap> kDevoxelizeMap;
extern const Variants<Devoxelize> kDevoxelize;
extern const Variants<HashInsert> kHashInsert;
extern const Variants<HashQuery> kHashQuery;
extern const Variants<Downsample> kDownsample;
extern const Variants<KernelMap> kKernelMap;
extern const Variants<StridedMap> kStridedMap;
extern const Variants<KernelMapTranspose> kKernelMapTranspose;
extern const Variants<KernelMapCount> kKernelMapCount;
extern const Variants<KernelMapPairs> kKernelMapPairs;
extern const Variants<KernelMapOrder> kKernelMapOrder;
extern const Variants<SparseConv> kSparseConv;
extern const Variants<SparseConvWgrad> kSparseConvWgrad;
extern const Variants<WeightTranspose> kWeightTranspose;
extern const Variants<WeightPack> kWeightPack;
extern const Variants<WeightCount> kWeightCount;
extern const Variants<WeightCompress> kWeightCompress;
extern const Variants<SparseConvWs> kSparseConvWs;
extern const Variants<BevCells> kBevCells;
extern const Variants<BevIntervals> kBevIntervals;
extern const Variants<BevPool> kBevPool;
extern const Variants<BevPoolBackward> kBevPoolBackward;
extern const Variants<BevPoolFused> kBevPoolFused;
extern const Variants<BevPoolFusedBackward> kBevPoolFusedBackward;

}  // namespace vmk

struct vmk_ctx {
  vmk::Device* device = nullptr;
  std::string error;
  int64_t tensors = 0;
  vmk::ConvSettings conv;
  vmk::WgradSettings wgrad;
  bool closed = false;  // freed while tensors or plans were alive: the last of them frees the rest
  std::vector<vmk_plan*> plans;
  vmk_plan* recording = nullptr;
  mutable std::vector<const vmk_tensor*> used;  // by the call under way, while recording
};

namespace vmk {

// Frees a closed context that nothing belongs to any more.
void release_if_unused(vmk_ctx* ctx) noexcept;

// Adds what a call did to the plan being recorded; it may use the tensors of ctx->used.
void record(vmk_ctx* ctx, const char* op, std::function<void(Device&)> run);
// Every call that waits for all queues says so, as in a plan it must again.
void record_join(vmk_ctx* ctx);

// Runs body and turns whatever it throws into a status: nothing may cross the C border.
template <class F>
vmk_status guard(vmk_ctx* ctx, F&& body) noexcept {
  if (!ctx) return VMK_INVALID_ARGUMENT;
  ctx->used.clear();
  try {
    body();
    return VMK_OK;
  } catch (const Error& e) {
    ctx->error = e.what();
    return e.status;
  } catch (const std::bad_alloc&) {
    ctx->error = "Out of memory";
    return VMK_OUT_OF_MEMORY;
  } catch (const std::exception& e) {
    ctx->error = e.what();
    return VMK_INTERNAL;
  } catch (...) {
    ctx->error = "Unknown exception";
    return VMK_INTERNAL;
  }
}

// Checks that t is there, belongs to ctx and has this dtype and number of dimensions.
void expect(const vmk_ctx* ctx, const vmk_tensor* t, const char* name, vmk_dtype dtype,
            int32_t ndim);
// The same for a tensor of f32, bf16 or f16; returns which.
vmk_dtype expect_feature(const vmk_ctx* ctx, const vmk_tensor* t, const char* name, int32_t ndim);
// Checks one dimension against what the other arguments make it.
void expect_size(const vmk_tensor* t, const char* name, int32_t dim, int64_t needed);
void expect_at_least(const vmk_tensor* t, const char* name, int32_t dim, int64_t needed);
// Row numbers are i32.
void expect_rows(const vmk_tensor* t, const char* name);
// The two outputs of kernel_map_order, which sparse_conv reads.
void expect_order(const vmk_ctx* ctx, const vmk_tensor* map, const vmk_tensor* order,
                  const vmk_tensor* ordered);
Geometry read_geometry(const int32_t* ints);
// Activations up to `last` are known to the op.
Epilogue read_epilogue(const vmk_ctx* ctx, const vmk_tensor* scale, const vmk_tensor* shift,
                       const vmk_tensor* residual, const vmk_tensor* out, int32_t activation,
                       int32_t last, float slope);

// Fails when the variant asked for does not take this type; run_variant names one that is missing.
template <class Args>
void expect_takes(const char* op, const Variants<Args>& table, int32_t variant, vmk_dtype dtype) {
  if (variant < 0 || variant >= table.count || dtype == VMK_F32) return;
  if (table.list[variant].any_dtype) return;
  fail(VMK_UNSUPPORTED, "Cannot run %s: variant \"%s\" takes f32, not %s", op,
       table.list[variant].name, dtype_name(dtype));
}

template <class Args>
void run_variant(vmk_ctx* ctx, const char* op, const Variants<Args>& table, int32_t variant,
                 const Args& args) {
  if (variant < 0 || variant >= table.count)
    fail(VMK_UNSUPPORTED, "Cannot run %s: variant %d was asked for, this library has %d", op,
         variant, table.count);
  const auto perform = [run = table.list[variant].run, args](Device& device) {
    struct EndOp {
      Device& device;
      ~EndOp() { device.end_op(); }
    } end{device};
    run(device, args);
  };
  perform(*ctx->device);
  if (ctx->recording) record(ctx, op, perform);
}

}  // namespace vmk
