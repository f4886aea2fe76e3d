declare const kind: unique symbol;
/** A `vmk_ctx *`; the brand keeps it from being passed as another handle. */
export type CtxPtr = Deno.PointerObject<{ [kind]: "vmk_ctx" }>;
/** A `vmk_tensor *`. */
export type TensorPtr = Deno.PointerObject<{ [kind]: "vmk_tensor" }>;
/** A `vmk_plan *`. */
export type PlanPtr = Deno.PointerObject<{ [kind]: "vmk_plan" }>;

const ctx = "pointer" as Deno.NativeTypedPointer<CtxPtr>;
const tensor = "pointer" as Deno.NativeTypedPointer<TensorPtr>;
const plan = "pointer" as Deno.NativeTypedPointer<PlanPtr>;
const status = "i32";

/** Every symbol of `kernels/include/voxmark.h`, in its order. */
// deno-fmt-ignore
export const SYMBOLS = {
  vmk_abi_version: { parameters: [], result: "i32" },
  vmk_build_info: { parameters: ["buffer", "i64"], result: "i64" },
  vmk_device_count: { parameters: [], result: "i32" },
  vmk_device_info: { parameters: ["i32", "buffer", "i64"], result: "i64" },
  vmk_variants: { parameters: ["buffer", "buffer", "i64"], result: "i64" },
  vmk_ctx_new: { parameters: ["i32", "i32"], result: ctx },
  vmk_ctx_free: { parameters: [ctx], result: "void" },
  vmk_last_error: { parameters: [ctx, "buffer", "i64"], result: "i64" },
  vmk_ctx_threads: { parameters: [ctx], result: "i32" },
  vmk_ctx_limit_isa: { parameters: [ctx, "i32"], result: "i32" },
  vmk_sync: { parameters: [ctx], result: status, nonblocking: true },
  vmk_queue: { parameters: [ctx, "i32"], result: status },
  vmk_join: { parameters: [ctx], result: status },
  vmk_reserve: { parameters: [ctx, "i64"], result: status },
  vmk_scratch_bytes: { parameters: [ctx], result: "i64" },
  vmk_live_tensors: { parameters: [ctx], result: "i64" },
  vmk_timer_start: { parameters: [ctx], result: status },
  vmk_timer_stop_ms: { parameters: [ctx], result: "f64" },
  vmk_probe: { parameters: [ctx, "i32", "i64"], result: "f64" },
  vmk_tensor_new: { parameters: [ctx, "i32", "i32", "buffer"], result: tensor },
  vmk_tensor_free: { parameters: [tensor], result: "void" },
  vmk_tensor_set_rows: { parameters: [ctx, tensor, "i64"], result: status },
  vmk_tensor_set_columns: { parameters: [ctx, tensor, "i64"], result: status },
  vmk_tensor_handle: { parameters: [tensor], result: "i64" },
  vmk_upload: { parameters: [ctx, tensor, "buffer", "i64"], result: status },
  vmk_download: { parameters: [ctx, "buffer", tensor, "i64"], result: status },
  vmk_plan_begin: { parameters: [ctx], result: plan },
  vmk_plan_end: { parameters: [ctx, plan], result: status },
  vmk_plan_run: { parameters: [ctx, plan], result: status },
  vmk_plan_info: { parameters: [plan, "buffer", "i64"], result: "i64" },
  vmk_plan_free: { parameters: [plan], result: "void" },
  vmk_quantize: { parameters: [ctx, "i32", tensor, tensor, tensor, "buffer", "i32"], result: status },
  vmk_voxelize: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, tensor, tensor], result: status },
  vmk_voxel_reduce: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, "i32"], result: status },
  vmk_devoxelize_map: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, "i32"], result: status },
  vmk_devoxelize: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor], result: status },
  vmk_hash_insert: { parameters: [ctx, "i32", tensor, tensor, tensor], result: status },
  vmk_hash_query: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor], result: status },
  vmk_downsample: { parameters: [ctx, "i32", tensor, tensor, tensor, "buffer", "i32", "buffer"], result: status },
  vmk_kernel_map: { parameters: [ctx, "i32", tensor, tensor, tensor, "buffer"], result: status },
  vmk_strided_map: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, "buffer", "i32", "buffer"], result: status },
  vmk_network_maps: { parameters: [ctx, "i32", tensor, "i32", "buffer", "buffer", "buffer", tensor, "buffer", tensor], result: status },
  vmk_kernel_map_transpose: { parameters: [ctx, "i32", tensor, tensor], result: status },
  vmk_kernel_map_count: { parameters: [ctx, "i32", tensor, tensor], result: status },
  vmk_kernel_map_pairs: { parameters: [ctx, "i32", tensor, tensor, tensor], result: status },
  vmk_kernel_map_order: { parameters: [ctx, "i32", tensor, tensor, tensor], result: status },
  vmk_sparse_conv: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, tensor, tensor, tensor, tensor, tensor, tensor, tensor, "i32", "f32"], result: status },
  vmk_conv_needs_pairs: { parameters: ["i32"], result: "i32" },
  vmk_conv_takes_order: { parameters: ["i32"], result: "i32" },
  vmk_conv_tiles: { parameters: [ctx, "i32", "i32", "buffer", "i64"], result: "i64" },
  vmk_conv_settings: { parameters: [ctx, "f64", "i64", "i32", "buffer", "i32"], result: status },
  vmk_sparse_conv_wgrad: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, tensor, tensor], result: status },
  vmk_weight_transpose: { parameters: [ctx, "i32", tensor, tensor], result: status },
  vmk_weight_count: { parameters: [ctx, "i32", tensor, tensor], result: status },
  vmk_weight_compress: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor], result: status },
  vmk_sparse_conv_ws: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, tensor, tensor], result: status },
  vmk_sparse_conv_int8: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, tensor, tensor, tensor, "i32", "f32"], result: status },
  vmk_bev_cells: { parameters: [ctx, "i32", tensor, tensor, "buffer", "buffer", "i32"], result: status },
  vmk_bev_intervals: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, tensor, "i64"], result: status },
  vmk_bev_pool: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, tensor], result: status },
  vmk_bev_pool_backward: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, tensor], result: status },
  vmk_bev_pool_fused: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, tensor, tensor, "i64"], result: status },
  vmk_bev_pool_fused_backward: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, tensor, tensor, tensor, tensor, "i64"], result: status },
  vmk_linear: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, tensor, tensor, "i32", "f32"], result: status },
  vmk_affine: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, tensor, "i32", "f32"], result: status },
  vmk_layer_norm: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, "f32"], result: status },
  vmk_softmax: { parameters: [ctx, "i32", tensor, tensor], result: status },
  vmk_concat: { parameters: [ctx, "i32", tensor, tensor, tensor], result: status },
  vmk_split: { parameters: [ctx, "i32", tensor, tensor, tensor], result: status },
  vmk_attention: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, tensor, tensor, tensor, tensor, tensor, tensor, "i32"], result: status },
  vmk_map_reduce: { parameters: [ctx, "i32", tensor, tensor, tensor, "i32"], result: status },
  vmk_grid_voxelize: { parameters: [ctx, "i32", tensor, tensor, tensor, tensor, tensor, tensor, tensor, "i32"], result: status },
} as const satisfies Deno.ForeignLibraryInterface;
