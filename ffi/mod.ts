/** What other rooms may import of the binding. */
export * from "./backward.ts";
export * from "./bev_ops.ts";
export * from "./conv_ops.ts";
export * from "./dense_grid.ts";
export * from "./dense_ops.ts";
export { type ArrayOf, Context, type ContextOptions, type DType, Tensor } from "./context.ts";
export { ABI_VERSION, KernelError } from "./errors.ts";
export { type Backend, buildInfo, deviceInfo, unavailable, variants } from "./library.ts";
export { fromBf16, fromF16, toBf16, toF16 } from "./half.ts";
export * from "./int8.ts";
export * from "./network_maps.ts";
export * from "./ops.ts";
export { Plan, type PlanInfo } from "./plan.ts";
export * from "./sparse.ts";
export * from "./sparse_weight.ts";
