/**
 * Arrays of HDF5 files, read by libhdf5 compiled to WebAssembly (npm:h5wasm). A damaged file may keep
 * the library busy for ever or break it for the files after it: {@linkcode H5File} is for those.
 */
import h5wasm, { type Dataset, type File } from "h5wasm";
import { InputError } from "../std/errors.ts";
import type { NpyArray, NpyData } from "../std/npz.ts";

/** The library holds the whole file; the files of the benchmarks have at most 0.5 GB. */
const MAX_FILE = 2 ** 31 - 1;
/** Deflate packs at most 1,032 bytes into one: what declares more is not in the file. */
const MAX_RATIO = 1032;
/** What one read, or one chunk of what it unpacks, may take, whatever the file declares. */
const MAX_READ = 2 ** 28;

let files = 0;

/** An open HDF5 file, read on this thread. */
export class H5Arrays implements Disposable {
  private constructor(
    private readonly place: string,
    private readonly bytes: number,
    private readonly file: File,
    private readonly release: () => void,
  ) {}

  /** @throws {InputError} when the file is too large, cut off or no HDF5 file. */
  static async open(path: string): Promise<H5Arrays> {
    const module = await h5wasm.ready;
    const { size } = await Deno.stat(path);
    if (size > MAX_FILE) {
      throw new InputError(
        `Cannot read "${path}": it is ${size} bytes, and at most ${MAX_FILE} are read`,
      );
    }
    // Without this the library prints its errors itself.
    module.activate_throwing_error_handler();
    const name = `${files++}.h5`;
    const bytes = await Deno.readFile(path);
    module.FS.writeFile(name, bytes);
    const unlink = () => module.FS.unlink(name);
    try {
      return new H5Arrays(`"${path}"`, size, new h5wasm.File(name, "r"), unlink);
    } catch (cause) {
      unlink();
      throw unreadable(`"${path}"`, cause);
    }
  }

  /** Names of its arrays, those in groups left out. */
  get names(): string[] {
    return this.#guard(() => this.file.keys());
  }

  /**
   * The shape of an array; undefined for what is no array.
   *
   * @throws {InputError} when it is damaged, or larger than anything the file can hold.
   */
  shape(name: string): readonly number[] | undefined {
    const found = this.#guard(() => this.file.get(name));
    if (!(found instanceof h5wasm.Dataset)) return undefined;
    const { shape, size } = this.#guard(() => found.metadata);
    if (shape === null || shape.length === 0) return undefined;
    // An array of no values may still declare rows without end.
    const declared = shape.reduce((a, b) => a * Math.max(b, 1), size);
    if (declared <= MAX_RATIO * this.bytes) return shape;
    throw new InputError(
      `Cannot read ${this.place}: "${name}" declares ${declared} bytes, and a file of ` +
        `${this.bytes} cannot hold them`,
    );
  }

  /**
   * Rows `from` to `to` - 1 of an array; all of it when they are absent.
   *
   * @throws {InputError} when it is no array of numbers or damaged.
   */
  read(name: string, from?: number, to?: number): NpyArray {
    const shape = this.shape(name);
    if (shape === undefined) {
      throw new InputError(`Cannot read ${this.place}: "${name}" is no array`);
    }
    const dataset = this.file.get(name) as Dataset;
    const rows = from === undefined ? shape[0]! : to! - from;
    const read = [rows, ...shape.slice(1)];
    const count = read.reduce((a, b) => a * b, 1);
    const place = `${this.place}, "${name}"`;
    if (!(8 * count <= MAX_READ)) {
      throw new InputError(
        `Cannot read ${place}: it declares ${count} values a read, and at most ${
          MAX_READ / 8
        } are read`,
      );
    }
    const { chunks, size } = this.#guard(() => dataset.metadata);
    const chunk = (chunks ?? []).reduce((a, b) => a * b, size);
    if (!(chunk <= MAX_READ)) {
      throw new InputError(
        `Cannot read ${place}: it declares chunks of ${chunk} bytes, and at most ${MAX_READ} are read`,
      );
    }
    const ranges = shape.map((_, d): [] | [number, number] =>
      d === 0 && from !== undefined ? [from, to!] : []
    );
    const data = this.#guard(() => dataset.slice(ranges));
    if (!ArrayBuffer.isView(data) || (data as NpyData).length !== count) {
      throw new InputError(`Cannot read ${place}: it is no array of ${count} numbers`);
    }
    return { shape: read, data: data as NpyData };
  }

  #guard<T>(run: () => T): T {
    try {
      return run();
    } catch (cause) {
      throw unreadable(this.place, cause);
    }
  }

  [Symbol.dispose](): void {
    try {
      this.file.close();
    } catch {
      // A damaged file may refuse; its memory goes with the next line all the same.
    }
    this.release();
  }
}

/** The library's report is a stack of lines; the deepest says what is wrong. */
function unreadable(place: string, cause: unknown): InputError {
  const reasons = String(cause instanceof Error ? cause.message : cause)
    .split("\n").filter((line) => /#\d+:/.test(line)).map((line) => line.replace(/.*\): /, ""));
  const found = (reasons.at(-1) ?? "it is no HDF5 file, or damaged").replace(/\p{Cc}/gu, "?");
  return new InputError(`Cannot read ${place} as HDF5: ${found.slice(0, 200)}`, { cause });
}
