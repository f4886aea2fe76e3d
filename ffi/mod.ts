/** What other rooms may import of the binding. */
export { type ArrayOf, Context, type ContextOptions, type DType, Tensor } from "./context.ts";
export { ABI_VERSION, KernelError } from "./errors.ts";
export { type Backend, buildInfo, deviceInfo, unavailable, variants } from "./library.ts";
export * from "./ops.ts";
export * from "./sparse.ts";
