/*
 * voxmark.h - the C ABI of the Voxmark kernel libraries (libvoxmark_cpu, libvoxmark_cuda).
 *
 * Both libraries export every function below; what one of them cannot do answers VMK_UNSUPPORTED.
 *
 * Handles   vmk_ctx is one device, one queue of work, one scratch arena and one last error.
 *           vmk_tensor is a dense row-major array in that device's memory. vmk_plan is a recorded
 *           list of calls. Free both before their context. A context is used by one thread at a
 *           time.
 * Errors    Functions that can fail return a vmk_status; the text is read with vmk_last_error.
 *           Nothing is printed, nothing exits, nothing is thrown across this border.
 * Arguments ctx, variant, inputs (const), outputs, scalars. A variant is an index into the names
 *           of vmk_variants; 0 is the default. Outputs are overwritten in full and may not alias
 *           inputs. Parameters marked "host" are arrays in the caller's memory, the rest is in
 *           device memory. n = 0 is legal everywhere and does nothing.
 * Sizes     int64_t. Row numbers stored in tensors are i32: at most 2^31 - 1 rows a tensor.
 *
 * Conventions of the sparse operators
 *   coordinates  i32 [N, 4]: batch, x, y, z, in units of their own tensor stride: a layer of
 *                stride s divides, it does not keep multiples (TorchSparse 2 and spconv do the
 *                same; TorchSparse 1 and MinkowskiEngine keep multiples). x, y, z lie in
 *                [VMK_COORD_MIN, VMK_COORD_MAX], batch in [0, VMK_BATCH_MAX].
 *   row order    coordinates made here are sorted by (batch, x, y, z) and unique.
 *   relation     output q reads input p = q * stride + offset * dilation, per axis. The offsets
 *                of an axis of size k are -(k-1)/2 .. k/2 (C division): 3 gives -1, 0, 1 and 2
 *                gives 0, 1 (TorchSparse, MinkowskiEngine; spconv's padding (k-1)/2).
 *   offset index odd kernel volume: x runs fastest, then y, z; even volume: z runs fastest, then
 *                y, x. This is TorchSparse's order; converters for MinkowskiEngine (x fastest
 *                always) and spconv (z fastest always) are in ffi/weight_order.ts.
 *   geometry     host int32_t[9]: kernel size x, y, z; stride x, y, z; dilation x, y, z.
 *   weight       f32 [KV, Cin, Cout], KV = kernel volume in offset-index order.
 *   kernel map   i32 [KV, M]: map[k][m] is the input row that output row m reads through offset
 *                k, or -1.
 *   transposed   a transposed convolution uses the map of the forward layer with inputs and
 *                outputs swapped (vmk_kernel_map_transpose); its weights keep their index.
 */
#ifndef VOXMARK_H_
#define VOXMARK_H_

#include <stdint.h>

#if defined(_WIN32)
#define VMK_EXPORT __declspec(dllexport)
#else
#define VMK_EXPORT __attribute__((visibility("default")))
#endif
#ifdef __cplusplus
#define VMK_API extern "C" VMK_EXPORT
#else
#define VMK_API extern VMK_EXPORT
#endif

/* Changes with every incompatible change of this file. */
#define VMK_ABI_VERSION 3

typedef int32_t vmk_status;
#define VMK_OK 0
#define VMK_INVALID_ARGUMENT 1 /* the caller can mend it: the text names argument, found, needed */
#define VMK_UNSUPPORTED 2      /* not in this library, on this device or in this variant */
#define VMK_OUT_OF_MEMORY 3
#define VMK_DEVICE_ERROR 4 /* the device failed; the context is dead */
#define VMK_INTERNAL 5
#define VMK_CAPACITY 6 /* an output has too few rows; the text says how many are needed */

typedef int32_t vmk_dtype;
#define VMK_F32 1
#define VMK_F64 2
#define VMK_I32 3
#define VMK_I64 4
#define VMK_U8 5
#define VMK_F16 6
#define VMK_BF16 7
#define VMK_I8 8

#define VMK_MAX_DIMS 8
#define VMK_GEOMETRY_INTS 9

/* 18 bits an axis and 9 bits of batch make the 63-bit keys of the hash map: 6.5 km at 5 cm. */
#define VMK_COORD_MIN (-131072)
#define VMK_COORD_MAX 131071
#define VMK_BATCH_MAX 511

typedef struct vmk_ctx vmk_ctx;
typedef struct vmk_tensor vmk_tensor;
typedef struct vmk_plan vmk_plan;

/* ---- library and device ------------------------------------------------------------------ */

VMK_API int32_t vmk_abi_version(void);
/* Copies a text into buf (cut to cap - 1 bytes, zero-terminated) and returns its full length.
   The build: compiler, flags. */
VMK_API int64_t vmk_build_info(char* buf, int64_t cap);
/* Number of devices this library can open; the CPU library has one. */
VMK_API int32_t vmk_device_count(void);
/* "key: value" lines about a device; for a device that cannot be opened, one line that says why. */
VMK_API int64_t vmk_device_info(int32_t device, char* buf, int64_t cap);
/* Comma-separated variant names of an op ("sparse_conv"), in index order; "" for an unknown op. */
VMK_API int64_t vmk_variants(const char* op, char* buf, int64_t cap);

/* ---- context ----------------------------------------------------------------------------- */

/* Opens a device with a pool of `threads` threads (0 = all cores; the CUDA library ignores it).
   NULL when it cannot be opened: vmk_device_info says why. */
VMK_API vmk_ctx* vmk_ctx_new(int32_t device, int32_t threads);
/* NULL is fine. Tensors that are still alive stay valid to free, not to use. */
VMK_API void vmk_ctx_free(vmk_ctx* ctx);
/* The text of the last failed call on ctx, as vmk_build_info copies. */
VMK_API int64_t vmk_last_error(const vmk_ctx* ctx, char* buf, int64_t cap);
VMK_API int32_t vmk_ctx_threads(const vmk_ctx* ctx);
/* Caps the instruction set of the CPU kernels: 0 = baseline, 1 = AVX2 and FMA, 2 = AVX-512.
   Returns the level in force, which is never above what the machine has. For tests and benches. */
VMK_API int32_t vmk_ctx_limit_isa(vmk_ctx* ctx, int32_t level);
/* Waits for all queued work and reports what failed in it. */
VMK_API vmk_status vmk_sync(vmk_ctx* ctx);
/* Ops go to queue 0 until another one is chosen. A queue that is chosen starts behind what queue 0
   holds then; beyond that, ops on different queues may run at the same time, so none of them may
   write what another one reads or writes. vmk_queue(ctx, 0) goes on with queue 0 beside the others.
   vmk_join lets queue 0 wait for all of them and chooses it; so does every call that makes, frees
   or copies a tensor, waits, or touches the timer. A library without queues runs ops in order. */
#define VMK_QUEUES 4
VMK_API vmk_status vmk_queue(vmk_ctx* ctx, int32_t queue);
VMK_API vmk_status vmk_join(vmk_ctx* ctx);
/* Grows the scratch arena of queue 0 beforehand; without it the arena grows on first use and stays. */
VMK_API vmk_status vmk_reserve(vmk_ctx* ctx, int64_t bytes);
VMK_API int64_t vmk_scratch_bytes(const vmk_ctx* ctx);
VMK_API int64_t vmk_live_tensors(const vmk_ctx* ctx);
/* Device time between start and stop, in milliseconds; stop waits for the work between. A
   negative result is minus a status. */
VMK_API vmk_status vmk_timer_start(vmk_ctx* ctx);
VMK_API double vmk_timer_stop_ms(vmk_ctx* ctx);
/* Measures a limit of the machine with all threads of ctx; a negative result is minus a status.
   VMK_PROBE_FMA: f32 multiply-add peak, GFLOP/s.  VMK_PROBE_TRIAD: a = b + s * c over arrays of
   `bytes` bytes each, GB/s of three streams.  VMK_PROBE_GATHER: reads of random 64-byte rows of
   a table of `bytes` bytes, GB/s. */
#define VMK_PROBE_FMA 0
#define VMK_PROBE_TRIAD 1
#define VMK_PROBE_GATHER 2
VMK_API double vmk_probe(vmk_ctx* ctx, int32_t which, int64_t bytes);

/* ---- tensors ----------------------------------------------------------------------------- */

/* An uninitialised tensor; NULL when it cannot be made: vmk_last_error says why. */
VMK_API vmk_tensor* vmk_tensor_new(vmk_ctx* ctx, vmk_dtype dtype, int32_t ndim,
                                   const int64_t* shape);
VMK_API void vmk_tensor_free(vmk_tensor* tensor);
/* Sets the first dimension to at most what the tensor was made with: for outputs whose number of
   rows is known only afterwards. */
VMK_API vmk_status vmk_tensor_set_rows(vmk_ctx* ctx, vmk_tensor* tensor, int64_t rows);
/* Sets the second dimension of a tensor of two to at most what it was made with. The elements stay
   where they are, so rows move up: for outputs that are written packed, such as a map [KV, M]. */
VMK_API vmk_status vmk_tensor_set_columns(vmk_ctx* ctx, vmk_tensor* tensor, int64_t columns);
/* The handle as a number, for callers that cannot write pointers into an array of tensors. */
VMK_API int64_t vmk_tensor_handle(const vmk_tensor* tensor);
/* `bytes` must be the tensor's size; both wait until the copy is done. */
VMK_API vmk_status vmk_upload(vmk_ctx* ctx, vmk_tensor* to, const void* from, int64_t bytes);
VMK_API vmk_status vmk_download(vmk_ctx* ctx, void* to, const vmk_tensor* from, int64_t bytes);

/* ---- plans ------------------------------------------------------------------------------- */

/* What is called on ctx between vmk_plan_begin and vmk_plan_end runs as always and is recorded:
   ops, queues, uploads and downloads. vmk_plan_run does it again in one call, from and to the same
   tensors: change what they hold in between, not their shapes, and free none. What was uploaded is
   written again; what was downloaded must hold the same values again, since the sizes of what
   follows may depend on it: a plan that makes maps one by one is for the coordinates that it was
   recorded with, and says so of others when the host next waits; vmk_network_maps with `rows` makes
   them for any. A call that failed is not recorded.
   The CUDA library captures a graph in the first vmk_plan_run and launches it from then on, or
   runs the calls one after the other where the device cannot. */
/* NULL when another plan of ctx is being recorded or memory is short. */
VMK_API vmk_plan* vmk_plan_begin(vmk_ctx* ctx);
VMK_API vmk_status vmk_plan_end(vmk_ctx* ctx, vmk_plan* plan);
VMK_API vmk_status vmk_plan_run(vmk_ctx* ctx, vmk_plan* plan);
/* "steps: n", "replay: graph" or "replay: plain", and "why: ..." for a plain one, a line each;
   copied as vmk_build_info does. */
VMK_API int64_t vmk_plan_info(const vmk_plan* plan, char* buf, int64_t cap);
/* NULL is fine; a plan that is being recorded is given up. */
VMK_API void vmk_plan_free(vmk_plan* plan);

/* ---- voxelization ------------------------------------------------------------------------ */

/* Point coordinates to voxel coordinates, all in f32: floor or round-half-to-even of
   (p - origin) / voxel.
     points  f32 [N, C], C >= 3: x, y, z first
     batch   i32 [N], or NULL for batch 0
     coords  i32 [N, 4]
     grid    host float[6]: voxel size x, y, z; origin x, y, z
   A point that is not finite or falls outside the coordinate range is an error that names it. */
#define VMK_FLOOR 0
#define VMK_ROUND 1
VMK_API vmk_status vmk_quantize(vmk_ctx* ctx, int32_t variant, const vmk_tensor* points,
                                const vmk_tensor* batch, vmk_tensor* coords, const float* grid,
                                int32_t rounding);

/* Groups equal coordinates.
     coords   i32 [N, 4]
     voxels   i32 [>= M, 4]: the distinct coordinates, sorted
     inverse  i32 [N]: the voxel row of each input row
     order    i32 [N]: input rows grouped by voxel, ascending within a voxel
     starts   i32 [N + 1]: voxel m holds order[starts[m] .. starts[m + 1]); M + 1 entries are set
     count    i64 [1]: M */
VMK_API vmk_status vmk_voxelize(vmk_ctx* ctx, int32_t variant, const vmk_tensor* coords,
                                vmk_tensor* voxels, vmk_tensor* inverse, vmk_tensor* order,
                                vmk_tensor* starts, vmk_tensor* count);

/* Reduces point features to voxels.
     feats   f32, bf16 or f16 [N, C]
     order   i32 [N] and starts i32 [>= M + 1] of vmk_voxelize
     out     [M, C] of feats' dtype; sums are f32 */
#define VMK_REDUCE_FIRST 0 /* the row that comes first in feats */
#define VMK_REDUCE_MEAN 1
#define VMK_REDUCE_SUM 2
#define VMK_REDUCE_MAX 3
VMK_API vmk_status vmk_voxel_reduce(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                    const vmk_tensor* order, const vmk_tensor* starts,
                                    vmk_tensor* out, int32_t reduce);

/* Which voxels a point takes its features from, and with what weight.
     positions  f32 [N, 4]: batch, x, y, z in voxel units of stride 1 (batch is a whole number)
     voxels     i32 [M, 4]: coordinates at `stride`, distinct
     index      i32 [N, T]: voxel rows or -1
     weight     f32 [N, T]
   T = 1: the voxel that holds the point, floor(p / stride), weight 1, or 0 when it is empty.
   T = 8: trilinear over floor(p / stride) + {0, 1}^3, x slowest and z fastest; the weights of
   empty voxels are 0 and the rest is divided by their sum + 1e-8 (TorchSparse 1.4
   calc_ti_weights, in f32). */
VMK_API vmk_status vmk_devoxelize_map(vmk_ctx* ctx, int32_t variant, const vmk_tensor* positions,
                                      const vmk_tensor* voxels, vmk_tensor* index,
                                      vmk_tensor* weight, int32_t stride);

/* out[n] = sum over t of weight[n][t] * feats[index[n][t]]; entries of index that are -1 count 0.
     feats f32, bf16 or f16 [M, C], index i32 [N, T], weight f32 [N, T] or NULL for all ones
     out [N, C] of feats' dtype; sums are f32 */
VMK_API vmk_status vmk_devoxelize(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                  const vmk_tensor* index, const vmk_tensor* weight,
                                  vmk_tensor* out);

/* ---- hash map ---------------------------------------------------------------------------- */

/* Open addressing with linear probing over 63-bit keys batch | x | y | z (9 + 3 * 18 bits).
     coords  i32 [N, 4]; of equal coordinates the smallest row is kept
     keys    i64 [cap], cap a power of two and at least 2 N (load factor at most 1/2); -1 = empty
     rows    i32 [cap] */
VMK_API vmk_status vmk_hash_insert(vmk_ctx* ctx, int32_t variant, const vmk_tensor* coords,
                                   vmk_tensor* keys, vmk_tensor* rows);
/* found i32 [Q]: the row of each query, or -1; a query outside the coordinate range finds -1. */
VMK_API vmk_status vmk_hash_query(vmk_ctx* ctx, int32_t variant, const vmk_tensor* keys,
                                  const vmk_tensor* rows, const vmk_tensor* queries,
                                  vmk_tensor* found);

/* ---- kernel maps ------------------------------------------------------------------------- */

/* Output coordinates of a strided layer.
     coords      i32 [N, 4]
     out_coords  i32 [>= M, 4]: sorted, distinct
     count       i64 [1]: M
     bounds      host int32_t[6]: lowest x, y, z and highest x, y, z that an output may have, or
                 NULL for no bounds (spconv bounds its outputs by the layer's spatial shape)
   mode VMK_OUT_REACHED: every output whose receptive field holds an input (spconv; TorchSparse's
   default). VMK_OUT_FLOOR: floor(p / stride) of every input (MinkowskiEngine). They are the same
   when kernel size = stride = 2. */
#define VMK_OUT_REACHED 0
#define VMK_OUT_FLOOR 1
VMK_API vmk_status vmk_downsample(vmk_ctx* ctx, int32_t variant, const vmk_tensor* coords,
                                  vmk_tensor* out_coords, vmk_tensor* count,
                                  const int32_t* geometry, int32_t mode, const int32_t* bounds);

/* The kernel map of a layer. in_coords and out_coords may be one tensor (submanifold).
     in_coords i32 [N, 4], out_coords i32 [M, 4], map i32 [KV, M]
   Of equal input coordinates the smallest row is used. */
VMK_API vmk_status vmk_kernel_map(vmk_ctx* ctx, int32_t variant, const vmk_tensor* in_coords,
                                  const vmk_tensor* out_coords, vmk_tensor* map,
                                  const int32_t* geometry);
/* vmk_downsample and vmk_kernel_map of a strided layer together, for less than the two where kernel
   size = stride and coords are sorted and distinct.
     coords      i32 [N, 4]
     out_coords  i32 [B, 4], B >= M
     map         i32 [KV, B]: [KV, M] is written, packed, at its beginning
     count       i64 [1]: M
     mode and bounds as in vmk_downsample
   Cut them with vmk_tensor_set_rows and vmk_tensor_set_columns. */
VMK_API vmk_status vmk_strided_map(vmk_ctx* ctx, int32_t variant, const vmk_tensor* coords,
                                   vmk_tensor* out_coords, vmk_tensor* map, vmk_tensor* count,
                                   const int32_t* geometry, int32_t mode, const int32_t* bounds);
/* All maps of a network of L strided layers in one call: the kernel map of every level, and the
   strided map from each level to the next, as vmk_kernel_map and vmk_strided_map (VMK_OUT_REACHED,
   no bounds) make them one by one. The CUDA library does not wait for the numbers of rows, and
   makes maps on several queues; a level with more rows than its bound B is VMK_CAPACITY when the
   host next waits. Coordinates behind the rows of a level are undefined.
     variant     of kernel_map; VMK_UNSUPPORTED for one that must know the rows beforehand
     coords      i32 [N, 4]: level 0, distinct
     out_coords  host array of L tensors i32 [B, 4]: levels 1 to L, with B of each level's own
     strided     host array of L tensors i32 [KV, B]: from each level to the next, packed
     maps        host array of L + 1 tensors i32 [KV, B], B = N for level 0: packed as well
     counts      i64 [L]: rows of levels 1 to L
     geometries  host int32_t[(2 L + 1) * 9]: the submanifold layer of level 0, then for each
                 further level the strided layer that makes it and its submanifold layer
     rows        i64 [1]: how many of coords there are, from 0 to N, or NULL: all. With rows the
                 maps are not packed: all are [KV, B] with -1 behind the rows of a level, so that
                 layers over B rows read nothing there. A plan of such maps and of layers over them
                 takes any coordinates that fit */
VMK_API vmk_status vmk_network_maps(vmk_ctx* ctx, int32_t variant, const vmk_tensor* coords,
                                    int32_t levels, vmk_tensor* const* out_coords,
                                    vmk_tensor* const* strided, vmk_tensor* const* maps,
                                    vmk_tensor* counts, const int32_t* geometries,
                                    const vmk_tensor* rows);
/* The map of the transposed layer: out[k][map[k][m]] = m, the rest -1.
     map i32 [KV, M] with every input row at most once an offset, out i32 [KV, N] */
VMK_API vmk_status vmk_kernel_map_transpose(vmk_ctx* ctx, int32_t variant, const vmk_tensor* map,
                                            vmk_tensor* out);
/* starts i64 [KV + 1]: prefix sums of the pairs of each offset; starts[KV] = P, their number. */
VMK_API vmk_status vmk_kernel_map_count(vmk_ctx* ctx, int32_t variant, const vmk_tensor* map,
                                        vmk_tensor* starts);
/* pairs i32 [2, P]: input rows, then output rows, grouped by offset, output rows ascending. */
VMK_API vmk_status vmk_kernel_map_pairs(vmk_ctx* ctx, int32_t variant, const vmk_tensor* map,
                                        const vmk_tensor* starts, vmk_tensor* pairs);

/* The rows of a map in an order in which neighbours read through the same offsets, for the variants
   of sparse_conv that work on tiles of rows (vmk_conv_takes_order). The offsets are cut into S
   parts of ceil(KV / S), the last ones may be smaller or empty. A row's mask in a part has a bit an
   offset, set where the row has an input there; the part's first offset is the highest bit. Each
   part has its rows by descending mask, and by ascending number where masks are equal.
     map      i32 [KV, M]
     order    i32 [S, M], S from 1 to KV (1 where KV is 0): the row of the map at each place
     ordered  i32 [KV, M]: ordered[k][i] = map[k][order[part of k][i]] */
VMK_API vmk_status vmk_kernel_map_order(vmk_ctx* ctx, int32_t variant, const vmk_tensor* map,
                                        vmk_tensor* order, vmk_tensor* ordered);

/* ---- sparse convolution ------------------------------------------------------------------ */

/* out[m] = act(scale * sum + shift + residual[m]), where
   sum = sum over k with map[k][m] >= 0 of feats[map[k][m]] * weight[k], in f32.
     feats [N, Cin], weight [KV, Cin, Cout], out [M, Cout]: all f32, all bf16 or all f16; weight
              may be packed where the variant reads it so (vmk_weight_pack)
     map      i32 [KV, M]
     pairs    i32 [2, P] and starts i64 [KV + 1] of the same map: needed by the variants that work
              offset by offset (vmk_conv_needs_pairs), may be NULL for the others
     order    i32 [S, M] and ordered i32 [KV, M] of the same map, or both NULL: they save the
              variants that sort rows (vmk_conv_takes_order) from sorting them in every call; S
              then goes before the setting `splits`
     scale    f32 [Cout] or NULL for 1: a folded batch norm
     shift    f32 [Cout] or NULL for 0: a bias or a folded batch norm
     residual [M, Cout] of out's dtype, or NULL for 0
     slope    of VMK_ACT_LEAKY_RELU below 0
   A variant of any op that cannot take a dtype, and one of this op that cannot take an epilogue,
   answers VMK_UNSUPPORTED. Variants named *_tf32 round f32 operands to tf32, 11 significant bits;
   those of sparse_conv_wgrad too. */
#define VMK_ACT_NONE 0
#define VMK_ACT_RELU 1
#define VMK_ACT_LEAKY_RELU 2
#define VMK_ACT_GELU 3 /* the exact one, with erf; of linear and affine only */
VMK_API vmk_status vmk_sparse_conv(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                   const vmk_tensor* weight, const vmk_tensor* map,
                                   const vmk_tensor* pairs, const vmk_tensor* starts,
                                   const vmk_tensor* order, const vmk_tensor* ordered,
                                   const vmk_tensor* scale, const vmk_tensor* shift,
                                   const vmk_tensor* residual, vmk_tensor* out,
                                   int32_t activation, float slope);
/* 1 when this variant of sparse_conv reads pairs and starts, 0 when it does not. */
VMK_API int32_t vmk_conv_needs_pairs(int32_t variant);
/* 1 when it reads order and ordered where they are given, 0 when it does not. */
VMK_API int32_t vmk_conv_takes_order(int32_t variant);
/* Comma-separated names of the tiles (shapes of a block's product) that this variant can be told to
   use for this dtype on the device of ctx, as vmk_variants copies; "" where there is no choice. */
VMK_API int64_t vmk_conv_tiles(const vmk_ctx* ctx, int32_t variant, vmk_dtype dtype, char* buf,
                               int64_t cap);

/* The gradient of the weights: grad_weight[k] = sum over m with map[k][m] >= 0 of the outer
   product feats[map[k][m]]^T * grad_out[m].
     feats [N, Cin] and grad_out [M, Cout]: both f32, both bf16 or both f16
     map i32 [KV, M], grad_weight [KV, Cin, Cout]: f32, or their dtype; sums are f32
     pairs i32 [2, P] and starts i64 [KV + 1] of the same map, or NULL: they save a variant that
     works on pairs from listing them. Sums may then be cut elsewhere: the last bits differ.
   The gradient of feats is a sparse_conv of grad_out over the transposed map with the transposed
   weights. */
VMK_API vmk_status vmk_sparse_conv_wgrad(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                         const vmk_tensor* grad_out, const vmk_tensor* map,
                                         const vmk_tensor* pairs, const vmk_tensor* starts,
                                         vmk_tensor* grad_weight);
/* 1 when this variant of sparse_conv_wgrad reads pairs and starts where they are given, 0 when it
   does not. */
VMK_API int32_t vmk_wgrad_takes_pairs(int32_t variant);
/* Comma-separated names of the tiles that this variant of sparse_conv_wgrad can be told to use for
   this dtype, as vmk_conv_tiles. */
VMK_API int64_t vmk_wgrad_tiles(const vmk_ctx* ctx, int32_t variant, vmk_dtype dtype, char* buf,
                                int64_t cap);
/* Settings of sparse_conv_wgrad, for all later calls on ctx; they are no settings of sparse_conv.
     tile    one of vmk_wgrad_tiles, or NULL: chosen for each call by a model of its time. A call
             that cannot use it is VMK_UNSUPPORTED
     chunk   where there are tiles: pairs of an offset that are summed in one go, more where the
             sums of all chunks would not fit, or 0: chosen with the tile. The sums of an offset's
             chunks are added in their order */
VMK_API vmk_status vmk_wgrad_settings(vmk_ctx* ctx, const char* tile, int32_t chunk);
/* out[k] = weight[k]^T: weight f32, bf16 or f16 [KV, Cin, Cout], out [KV, Cout, Cin] of its
   dtype. */
VMK_API vmk_status vmk_weight_transpose(vmk_ctx* ctx, int32_t variant, const vmk_tensor* weight,
                                        vmk_tensor* out);
/* Weights as some variants of sparse_conv read them: they pack others in every call, so that weights
   which serve many calls are better packed once.
     weight bf16 or f16 [KV, Cin, Cout], out [R, 64] of its dtype: what sparse_conv takes instead of
     weight in these variants; how it is laid out is the library's */
VMK_API vmk_status vmk_weight_pack(vmk_ctx* ctx, int32_t variant, const vmk_tensor* weight,
                                   vmk_tensor* out);
/* R for a variant of sparse_conv; 0 for one that reads weights as they are. */
VMK_API int64_t vmk_conv_packed_rows(int32_t variant, int64_t kv, int64_t cin, int64_t cout);

/* Compressed weights: the weights that are not 0, by offset and output channel (CSR of each
   transposed weight matrix), input channels ascending. Column c = k * Cout + o holds the entries
   [starts[c] .. starts[c + 1]). Made once, they serve every call.
     weight f32 [KV, Cin, Cout], starts i64 [KV * Cout + 1]: prefix sums, the last is Z
     index i32 [Z]: input channels, value f32 [Z] */
VMK_API vmk_status vmk_weight_count(vmk_ctx* ctx, int32_t variant, const vmk_tensor* weight,
                                    vmk_tensor* starts);
VMK_API vmk_status vmk_weight_compress(vmk_ctx* ctx, int32_t variant, const vmk_tensor* weight,
                                       const vmk_tensor* starts, vmk_tensor* index,
                                       vmk_tensor* value);
/* sparse_conv with compressed weights of the same sizes: KV and M are those of map, Cout is that
   of out. Work is proportional to Z. An offset without weights costs nothing, not even its row of
   the map: pruning whole offsets, such as all that lie off the z axis, saves their full time. A
   weight that is 0 does not see its input, be it NaN or infinite.
     feats f32 [N, Cin], map i32 [KV, M], out f32 [M, Cout] */
VMK_API vmk_status vmk_sparse_conv_ws(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                      const vmk_tensor* starts, const vmk_tensor* index,
                                      const vmk_tensor* value, const vmk_tensor* map,
                                      vmk_tensor* out);
/* sparse_conv in 8 bits, for inference: out = act(scale * sum + shift + residual) with the sums
   exact in 32 bits and the rest in f32, without fused multiply-adds: every variant gives the same
   bits. KV * Cin is at most 131071.
     feats i8 [N, Cin], weight i8 [KV, Cin, Cout], map i32 [KV, M]
     scale    f32 [Cout]: what a step of feats times a step of the channel's weights is worth
     shift    f32 [Cout] or NULL
     residual [M, Cout] of out's dtype or NULL
     out      f32 [M, Cout], or i8: rounded half to even and cut to [-128, 127], a NaN to 127. Its
              own step is the caller's to divide scale and shift by */
VMK_API vmk_status vmk_sparse_conv_int8(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                        const vmk_tensor* weight, const vmk_tensor* map,
                                        const vmk_tensor* scale, const vmk_tensor* shift,
                                        const vmk_tensor* residual, vmk_tensor* out,
                                        int32_t activation, float slope);
/* Settings of the dataflows of sparse_conv, for all later calls on ctx.
     epsilon    variant "grouped": offsets share a group while 1 - smallest / largest <= epsilon
     threshold  variant "grouped": a group whose largest offset has fewer pairs than this is one
                padded batch, any other is one product an offset (S of TorchSparse's paper)
     splits     variant "masked": parts that the offsets are cut into, each with its own row order
     tile       one of vmk_conv_tiles, or NULL: chosen for each call by a model of its time. A call
                that cannot use it is VMK_UNSUPPORTED
     pieces     variants that go through a map, where there are tiles: pieces that a sum over the
                offsets of a part is cut into (split-K), at most 16, or 0: chosen with the tile */
VMK_API vmk_status vmk_conv_settings(vmk_ctx* ctx, double epsilon, int64_t threshold,
                                     int32_t splits, const char* tile, int32_t pieces);

/* ---- BEV pooling ------------------------------------------------------------------------- */

/* The BEV cell of each frustum point: ((b * Z + z) * X + x) * Y + y, with x = (p - low) / size in
   f32 and b = point / (P / batches); -1 for a point outside of the grid or not finite.
     points   f32 [P, 3], P a multiple of batches
     cells    i32 [P]
     grid     host float[6]: low x, y, z (the lower faces of cell 0); cell size x, y, z
     extent   host int32_t[4]: batches, X, Y, Z
   rounding VMK_FLOOR, or VMK_TRUNCATE as BEVFusion does: up to one cell below `low` falls into
   cell 0. Cells depend on the cameras only: keep them, and the plan of vmk_bev_intervals, for as
   long as the rig does not change. */
#define VMK_TRUNCATE 2
VMK_API vmk_status vmk_bev_cells(vmk_ctx* ctx, int32_t variant, const vmk_tensor* points,
                                 vmk_tensor* cells, const float* grid, const int32_t* extent,
                                 int32_t rounding);
/* Groups frustum points by the BEV cell they fall into.
     cells      i32, P elements of any shape: the cell of each point in [0, grid), or negative
                for a dropped point
     order      i32 [>= K]: kept points grouped by cell, ascending within a cell
     starts     i32 [>= I + 1]: interval i is order[starts[i] .. starts[i + 1])
     intervals  i32 [>= I]: the cell of each interval, ascending
     counts     i64 [2]: K kept points, I intervals */
VMK_API vmk_status vmk_bev_intervals(vmk_ctx* ctx, int32_t variant, const vmk_tensor* cells,
                                     vmk_tensor* order, vmk_tensor* starts, vmk_tensor* intervals,
                                     vmk_tensor* counts, int64_t grid);
/* out[intervals[i]] = sum of feats over interval i; cells of no interval become 0.
     feats f32, bf16 or f16 [P, C], order i32 [K], starts i32 [I + 1], intervals i32 [I]
     out [grid, C]: f32, or feats' dtype; sums are f32 */
VMK_API vmk_status vmk_bev_pool(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                const vmk_tensor* order, const vmk_tensor* starts,
                                const vmk_tensor* intervals, vmk_tensor* out);
/* The gradient of feats: the row of grad_out of the cell each point fell into, 0 for dropped ones.
     grad_out [grid, C], grad_feats [P, C]: both f32, both bf16 or both f16
     order names no point twice */
VMK_API vmk_status vmk_bev_pool_backward(vmk_ctx* ctx, int32_t variant, const vmk_tensor* grad_out,
                                         const vmk_tensor* order, const vmk_tensor* starts,
                                         const vmk_tensor* intervals, vmk_tensor* grad_feats);
/* vmk_bev_pool of the product depth x feature, which is never stored (BEVPoolv2): the row of
   point p is depth[p] * feats[p / (D * pixels) * pixels + p % pixels].
     depth   of feats' dtype, P elements of any shape: [cameras, D, pixels] in this order. With
             pixels = 1 it is [rows, D], the output of a softmax over the last axis
     feats   f32, bf16 or f16 [P / D, C]: [cameras, pixels, C]; D is what the two shapes make it
     the rest as in vmk_bev_pool */
VMK_API vmk_status vmk_bev_pool_fused(vmk_ctx* ctx, int32_t variant, const vmk_tensor* depth,
                                      const vmk_tensor* feats, const vmk_tensor* order,
                                      const vmk_tensor* starts, const vmk_tensor* intervals,
                                      vmk_tensor* out, int64_t pixels);
/* The gradients of depth and feats; sums run in the order of the depths, so that repeats and
   thread counts give the same bits.
     grad_out [grid, C], depth, feats: all f32, all bf16 or all f16; sums are f32
     grad_depth like depth, grad_feats like feats */
VMK_API vmk_status vmk_bev_pool_fused_backward(vmk_ctx* ctx, int32_t variant,
                                               const vmk_tensor* grad_out, const vmk_tensor* depth,
                                               const vmk_tensor* feats, const vmk_tensor* order,
                                               const vmk_tensor* starts,
                                               const vmk_tensor* intervals, vmk_tensor* grad_depth,
                                               vmk_tensor* grad_feats, int64_t pixels);

/* ---- dense helpers ----------------------------------------------------------------------- */

/* A convolution of a dense grid is a sparse_conv: its map depends on shapes alone and is made by
   ffi/dense_grid.ts. */

/* out = act(scale * (x * weight) + shift + residual), with the epilogue of vmk_sparse_conv; NULL
   leaves a part of it out.
     x [N, K], weight [K, M], residual and out [N, M]: all f32, all bf16 or all f16
     scale and shift f32 [M]; sums and epilogue are f32 */
VMK_API vmk_status vmk_linear(vmk_ctx* ctx, int32_t variant, const vmk_tensor* x,
                              const vmk_tensor* weight, const vmk_tensor* scale,
                              const vmk_tensor* shift, const vmk_tensor* residual, vmk_tensor* out,
                              int32_t activation, float slope);
/* out = act(scale * x + shift + residual): a folded batch norm, a residual add, an activation or
   all of them. out may be x or residual.
     x, residual, out [N, C]: all f32, all bf16 or all f16; scale and shift f32 [C] */
VMK_API vmk_status vmk_affine(vmk_ctx* ctx, int32_t variant, const vmk_tensor* x,
                              const vmk_tensor* scale, const vmk_tensor* shift,
                              const vmk_tensor* residual, vmk_tensor* out, int32_t activation,
                              float slope);
/* out = (x - mean) / sqrt(variance + epsilon) * gamma + beta, with the mean and the biased
   variance of each row.
     x, out [N, C]: both f32, both bf16 or both f16; gamma, beta f32 [C] */
VMK_API vmk_status vmk_layer_norm(vmk_ctx* ctx, int32_t variant, const vmk_tensor* x,
                                  const vmk_tensor* gamma, const vmk_tensor* beta, vmk_tensor* out,
                                  float epsilon);
/* Each row of out is exp(x - max) divided by its sum; -infinity becomes 0, a row of nothing else
   NaN. out may be x.
     x, out [N, C]: both f32, both bf16 or both f16 */
VMK_API vmk_status vmk_softmax(vmk_ctx* ctx, int32_t variant, const vmk_tensor* x,
                               vmk_tensor* out);
/* The columns of a, then those of b: a [N, A], b [N, B], out [N, A + B], all f32, all bf16 or all
   f16. */
VMK_API vmk_status vmk_concat(vmk_ctx* ctx, int32_t variant, const vmk_tensor* a,
                              const vmk_tensor* b, vmk_tensor* out);
/* The other way round: the first A columns of x into a, the rest into b. */
VMK_API vmk_status vmk_split(vmk_ctx* ctx, int32_t variant, const vmk_tensor* x, vmk_tensor* a,
                             vmk_tensor* b);
/* Scaled dot-product attention with H heads among rows in G groups: the windows of an image, or all
   rows of a scan. Head h is the h-th of H equal parts of the columns; of each, with i, j the places
   of a query and of a key in group g,
     out[queries[g][i]] = sum over j of softmax over j of
         (query[queries[g][i]] . key[keys[g][j]] / sqrt(C / H) + bias[h][i][j] + mask[g % M][i][j])
         * value[keys[g][j]]
     query f32 [N, C], key and value f32 [R, C], out f32 [N, C], none of them
     queries  i32 [G, Q], no row twice; one below 0 has no output, and rows of out that none names
              keep what they hold
     keys     i32 [G, T], T >= 1; one below 0 stands for the row pad_key and pad_value
     pad_key, pad_value  f32 [C], or NULL for 0
     bias     f32 [H, Q, T] or NULL
     mask     f32 [M, Q, T] or NULL; M divides G */
VMK_API vmk_status vmk_attention(vmk_ctx* ctx, int32_t variant, const vmk_tensor* query,
                                 const vmk_tensor* key, const vmk_tensor* value,
                                 const vmk_tensor* queries, const vmk_tensor* keys,
                                 const vmk_tensor* pad_key, const vmk_tensor* pad_value,
                                 const vmk_tensor* bias, const vmk_tensor* mask, vmk_tensor* out,
                                 int32_t heads);
/* Pooling over a kernel map: out[m] = VMK_REDUCE_MEAN, SUM or MAX of the rows feats[map[k][m]]
   that are there, 0 where none is. MEAN divides by their number, not by KV. A NaN stays one.
     feats [N, C], out [M, C]: both f32, both bf16 or both f16; map i32 [KV, M]; sums are f32 */
VMK_API vmk_status vmk_map_reduce(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                  const vmk_tensor* map, vmk_tensor* out, int32_t reduce);
/* Points and the dense grid of resolution^3 cells a batch that PVConv exchanges features with; rows
   of a grid are ((b * r + x) * r + y) * r + z. Normalising the points is the caller's.
     positions  f32 [N, 4]: batch, x, y, z in cell units, clamped to [0, r - 1] here
     order      i32 [N] and starts i32 [B * r^3 + 1]: the points of every cell (round half to even,
                as PVConv), for vmk_voxel_reduce, which makes empty cells 0
     cell       i32 [N, 1] and share f32 [N, 1]: the cell of each point and 1 / its points, for
                vmk_devoxelize: the gradient of the mean
     index      i32 [N, 8] and weight f32 [N, 8]: the trilinear corners, z fastest, -1 beyond the
                last cell, for vmk_devoxelize. Its gradient is vmk_bev_pool_fused of the gradient
                with weight as depth, pixels = 1 and the intervals of index */
VMK_API vmk_status vmk_grid_voxelize(vmk_ctx* ctx, int32_t variant, const vmk_tensor* positions,
                                     vmk_tensor* order, vmk_tensor* starts, vmk_tensor* cell,
                                     vmk_tensor* share, vmk_tensor* index, vmk_tensor* weight,
                                     int32_t resolution);

#endif /* VOXMARK_H_ */
