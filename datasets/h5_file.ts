/** HDF5 files, read by libhdf5 compiled to WebAssembly (npm:h5wasm). */
import h5wasm, { type Dataset, type File } from "h5wasm";
import { InputError } from "../std/errors.ts";
import type { NpyArray, NpyData } from "../std/npz.ts";

/** The library holds the whole file; the files of the benchmarks have at most 0.5 GB. */
const MAX_FILE = 2 ** 31 - 1;
/** What one read may take, whatever the file declares. */
const MAX_READ = 2 ** 28;

let files = 0;

/** An open HDF5 file. */
export class H5File implements Disposable {
  private constructor(
    private readonly place: string,
    private readonly file: File,
    private readonly release: () => void,
  ) {}

  /** @throws {InputError} when the file is too large, cut off or no HDF5 file. */
  static async open(path: string): Promise<H5File> {
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
      return new H5File(`"${path}"`, new h5wasm.File(name, "r"), unlink);
    } catch (cause) {
      unlink();
      throw unreadable(`"${path}"`, cause);
    }
  }

  /** Names of its arrays, those in groups left out. */
  get names(): string[] {
    return this.#guard(() => this.file.keys());
  }

  has(name: string): boolean {
    return this.names.includes(name);
  }

  /** The shape of an array. @throws {InputError} when there is none of this name. */
  shape(name: string): readonly number[] {
    return this.#dataset(name).shape;
  }

  /**
   * Rows `from` to `to` - 1 of an array; all of it when they are absent.
   *
   * @throws {InputError} when there is no such array, or it is no array of numbers or damaged.
   */
  read(name: string, from?: number, to?: number): NpyArray {
    const { dataset, shape } = this.#dataset(name);
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
    const ranges = shape.map((_, d): [] | [number, number] =>
      d === 0 && from !== undefined ? [from, to!] : []
    );
    const data = this.#guard(() => dataset.slice(ranges));
    if (!ArrayBuffer.isView(data) || (data as NpyData).length !== count) {
      throw new InputError(`Cannot read ${place}: it is no array of ${count} numbers`);
    }
    return { shape: read, data: data as NpyData };
  }

  #dataset(name: string): { dataset: Dataset; shape: readonly number[] } {
    const found = this.has(name) ? this.#guard(() => this.file.get(name)) : undefined;
    if (!(found instanceof h5wasm.Dataset)) {
      throw new InputError(
        `Cannot read ${this.place}: it has the arrays ${this.names.join(", ") || "(none)"}, and ` +
          `"${name}" is needed`,
      );
    }
    const shape = this.#guard(() => found.shape);
    if (shape === null || shape.length === 0) {
      throw new InputError(`Cannot read ${this.place}: "${name}" is no array`);
    }
    return { dataset: found, shape };
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
