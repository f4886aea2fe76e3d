/** Must equal VMK_ABI_VERSION of voxmark.h. */
export const ABI_VERSION = 3;

/** Texts of the values of vmk_status, by value. */
export const STATUS_NAMES = [
  "ok",
  "invalid argument",
  "unsupported",
  "out of memory",
  "device error",
  "internal error",
  "capacity",
] as const;

/** A native call returned a status other than `VMK_OK`. */
export class KernelError extends Error {
  override readonly name = "KernelError";

  constructor(readonly status: number, readonly symbol: string, readonly detail: string) {
    super(`${symbol}: ${STATUS_NAMES[status] ?? `status ${status}`}: ${detail}`);
  }
}
