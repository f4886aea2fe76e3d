import { InputError } from "../std/errors.ts";
import { KernelError } from "./errors.ts";
import {
  type Backend,
  deviceInfo,
  openLibrary,
  readText,
  type Symbols,
  variants,
} from "./library.ts";
import type { CtxPtr, TensorPtr } from "./symbols.ts";

/** Element types: the id of voxmark.h and the array that holds them here. */
export const DTYPES = {
  f32: { id: 1, array: Float32Array },
  f64: { id: 2, array: Float64Array },
  i32: { id: 3, array: Int32Array },
  i64: { id: 4, array: BigInt64Array },
  u8: { id: 5, array: Uint8Array },
  f16: { id: 6, array: Uint16Array },
  bf16: { id: 7, array: Uint16Array },
  i8: { id: 8, array: Int8Array },
} as const;
export type DType = keyof typeof DTYPES;
export type ArrayOf<T extends DType> = InstanceType<typeof DTYPES[T]["array"]>;
/** What may be uploaded: the same arrays over any memory. */
export interface SourceArrays {
  f32: Float32Array;
  f64: Float64Array;
  i32: Int32Array;
  i64: BigInt64Array;
  u8: Uint8Array;
  f16: Uint16Array;
  bf16: Uint16Array;
  i8: Int8Array;
}

export interface ContextOptions {
  readonly device?: number;
  /** Threads of the CPU library; 0, the default, is one a core. */
  readonly threads?: number;
}

/** One device, one queue of work, one last error. Dispose it after its tensors. */
export class Context implements Disposable {
  readonly lib: Symbols;
  #ptr: CtxPtr | null;

  constructor(readonly backend: Backend, { device = 0, threads = 0 }: ContextOptions = {}) {
    this.lib = openLibrary(backend);
    this.#ptr = this.lib.vmk_ctx_new(device, threads);
    if (!this.#ptr) {
      const why = deviceInfo(backend, device).error ?? `${threads} threads cannot be had`;
      throw new InputError(`Cannot open device ${device} of the ${backend} backend: ${why}`);
    }
  }

  /** The native handle; throws once the context is disposed. */
  get ptr(): CtxPtr {
    if (!this.#ptr) throw new TypeError("Cannot use a disposed Context");
    return this.#ptr;
  }

  /** Threads that the kernels run on. */
  get threads(): number {
    return this.lib.vmk_ctx_threads(this.ptr);
  }

  /** Tensors that are not disposed yet: 0 at the end of a test. */
  get liveTensors(): number {
    return Number(this.lib.vmk_live_tensors(this.ptr));
  }

  /** Bytes of the scratch arena. */
  get scratchBytes(): number {
    return Number(this.lib.vmk_scratch_bytes(this.ptr));
  }

  /** Caps the CPU instruction set (0 baseline, 1 AVX2, 2 AVX-512); returns the level in force. */
  limitIsa(level: number): number {
    return this.lib.vmk_ctx_limit_isa(this.ptr, level);
  }

  /** Throws a {@linkcode KernelError} unless `status` is `VMK_OK`. */
  check(status: number, symbol: string): void {
    if (status !== 0) throw this.error(status, symbol);
  }

  /** The last error, of a call of `symbol`. */
  error(status: number, symbol: string): KernelError {
    const text = readText((to, cap) => this.lib.vmk_last_error(this.ptr, to, cap));
    return new KernelError(status, symbol, text);
  }

  /** Index of a variant by its name; throws a RangeError that lists the known ones. */
  variant(op: string, name: string): number {
    const known = variants(this.backend, op);
    const index = known.indexOf(name);
    if (index < 0) {
      throw new RangeError(`Unknown variant "${name}" of ${op}: Known: ${known.join(", ")}`);
    }
    return index;
  }

  /** An uninitialised tensor. */
  tensor<T extends DType>(dtype: T, shape: readonly number[]): Tensor<T> {
    const dims = BigInt64Array.from(shape, BigInt);
    const ptr = this.lib.vmk_tensor_new(this.ptr, DTYPES[dtype].id, shape.length, dims);
    if (!ptr) throw this.error(3, `vmk_tensor_new ${dtype}[${shape}]`);
    return new Tensor(this, ptr, dtype, shape);
  }

  /** A tensor that holds a copy of `source`; nothing is left behind if the copy fails. */
  tensorFrom<T extends DType>(
    dtype: T,
    shape: readonly number[],
    source: SourceArrays[T],
  ): Tensor<T> {
    using stack = new DisposableStack();
    const tensor = stack.use(this.tensor(dtype, shape)).upload(source);
    stack.move();
    return tensor;
  }

  /** Waits for all queued work and throws what failed in it. */
  async sync(): Promise<void> {
    this.check(await this.lib.vmk_sync(this.ptr), "vmk_sync");
  }

  /**
   * Queues the ops that `run` calls beside those of the other queues, behind what queue 0 holds now;
   * `index` is 1 to 3. They may write nothing that ops of another queue use until `join()`.
   */
  onQueue(index: number, run: () => void): void {
    this.check(this.lib.vmk_queue(this.ptr, index), "vmk_queue");
    try {
      run();
    } finally {
      this.check(this.lib.vmk_queue(this.ptr, 0), "vmk_queue");
    }
  }

  /** Lets what is queued from now on wait for all queues. */
  join(): void {
    this.check(this.lib.vmk_join(this.ptr), "vmk_join");
  }

  /** Device milliseconds that the work queued by `run` takes. */
  time(run: () => void): number {
    this.check(this.lib.vmk_timer_start(this.ptr), "vmk_timer_start");
    run();
    const ms = this.lib.vmk_timer_stop_ms(this.ptr);
    if (ms < 0) this.check(-ms, "vmk_timer_stop_ms");
    return ms;
  }

  /** A limit of the machine: GFLOP/s of f32 multiply-adds, or GB/s over arrays of `bytes`. */
  probe(which: "fma" | "triad" | "gather", bytes = 0): number {
    const id = { fma: 0, triad: 1, gather: 2 }[which];
    const value = this.lib.vmk_probe(this.ptr, id, BigInt(bytes));
    if (value < 0) this.check(-value, "vmk_probe");
    return value;
  }

  [Symbol.dispose](): void {
    if (this.#ptr) this.lib.vmk_ctx_free(this.#ptr);
    this.#ptr = null;
  }
}

/** A dense row-major array in the memory of its context's device. */
export class Tensor<T extends DType = DType> implements Disposable {
  #ptr: TensorPtr | null;
  #shape: readonly number[];

  constructor(readonly ctx: Context, ptr: TensorPtr, readonly dtype: T, shape: readonly number[]) {
    this.#ptr = ptr;
    this.#shape = [...shape];
  }

  /** The native handle; throws once the tensor is disposed. */
  get ptr(): TensorPtr {
    if (!this.#ptr) throw new TypeError("Cannot use a disposed Tensor");
    return this.#ptr;
  }

  get shape(): readonly number[] {
    return this.#shape;
  }

  get rows(): number {
    return this.#shape[0]!;
  }

  get length(): number {
    return this.#shape.reduce((a, b) => a * b, 1);
  }

  get bytes(): number {
    return this.length * DTYPES[this.dtype].array.BYTES_PER_ELEMENT;
  }

  /** Keeps the first `rows` rows: for outputs whose number of rows is known only afterwards. */
  setRows(rows: number): this {
    const { ctx } = this;
    ctx.check(ctx.lib.vmk_tensor_set_rows(ctx.ptr, this.ptr, BigInt(rows)), "vmk_tensor_set_rows");
    this.#shape = [rows, ...this.#shape.slice(1)];
    return this;
  }

  /**
   * Keeps `columns` columns of a matrix that was written packed: elements stay where they are, so
   * rows move up.
   */
  setColumns(columns: number): this {
    const { ctx } = this;
    ctx.check(
      ctx.lib.vmk_tensor_set_columns(ctx.ptr, this.ptr, BigInt(columns)),
      "vmk_tensor_set_columns",
    );
    this.#shape = [this.rows, columns];
    return this;
  }

  /** Copies `source`, which must have as many elements as the tensor. */
  upload(source: SourceArrays[T]): this {
    const { ctx } = this;
    const bytes = BigInt(source.byteLength);
    ctx.check(
      ctx.lib.vmk_upload(ctx.ptr, this.ptr, source as BufferSource, bytes),
      "vmk_upload",
    );
    return this;
  }

  download(): ArrayOf<T> {
    const { ctx } = this;
    const out = new DTYPES[this.dtype].array(this.length);
    const bytes = BigInt(out.byteLength);
    ctx.check(ctx.lib.vmk_download(ctx.ptr, out, this.ptr, bytes), "vmk_download");
    return out as ArrayOf<T>;
  }

  [Symbol.dispose](): void {
    if (this.#ptr) this.ctx.lib.vmk_tensor_free(this.#ptr);
    this.#ptr = null;
  }
}
