import { InputError } from "../std/errors.ts";
import type { NpyArray } from "../std/npz.ts";
import type { H5Answer, H5Reply, H5Request, H5Shapes } from "./h5_worker.ts";

/** Rows that are samples; the files of the data sets have a few thousand. */
const MAX_SAMPLES = 2 ** 20;
/** What a request may take; half a gigabyte is unpacked in a few seconds. */
const LIMIT_SECONDS = 60;

/**
 * An open HDF5 file. It is read on a thread of its own, which is ended when an answer takes too long,
 * as a damaged file can keep the library busy for ever.
 */
export class H5File implements Disposable {
  #shapes: H5Shapes = new Map();

  private constructor(
    private readonly path: string,
    private readonly worker: Worker,
    private readonly limitSeconds: number,
  ) {}

  /** @throws {InputError} when the file is too large, cut off, no HDF5 file, or takes too long. */
  static async open(path: string, limitSeconds = LIMIT_SECONDS): Promise<H5File> {
    const worker = new Worker(new URL("h5_worker.ts", import.meta.url), { type: "module" });
    const file = new H5File(path, worker, limitSeconds);
    try {
      file.#shapes = await file.#ask({ path }) as H5Shapes;
      return file;
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  /** Names of its arrays and groups; what lies in groups is left out. */
  get names(): string[] {
    return [...this.#shapes.keys()];
  }

  has(name: string): boolean {
    return this.#shapes.has(name);
  }

  /** The shape of an array; undefined for a group. @throws {InputError} when there is no such name. */
  shape(name: string): readonly number[] | undefined {
    if (this.has(name)) return this.#shapes.get(name);
    throw new InputError(
      `Cannot read "${this.path}": it has the arrays ${this.names.join(", ") || "(none)"}, and ` +
        `"${name}" is needed`,
    );
  }

  /** The number of rows of an array whose rows are samples. @throws {InputError} for too many. */
  samples(name: string): number {
    const rows = this.shape(name)?.[0] ?? 0;
    if (rows <= MAX_SAMPLES) return rows;
    throw new InputError(
      `Cannot read "${this.path}": "${name}" declares ${rows} rows, and at most ${MAX_SAMPLES} are ` +
        `read`,
    );
  }

  /**
   * Rows `from` to `to` - 1 of an array; all of it when they are absent.
   *
   * @throws {InputError} when there is no such array, it is no array of numbers or damaged, or
   * reading takes too long.
   */
  async read(name: string, from?: number, to?: number): Promise<NpyArray> {
    this.shape(name);
    return await this.#ask({ name, from, to }) as NpyArray;
  }

  #ask(request: H5Request): Promise<H5Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<H5Answer>();
    const late = setTimeout(() => {
      this.worker.terminate();
      reject(
        new InputError(
          `Cannot read "${this.path}" as HDF5: it took more than ${this.limitSeconds} s, so it is ` +
            `damaged or made to keep its reader busy`,
        ),
      );
    }, 1000 * this.limitSeconds);
    this.worker.onmessage = ({ data }: MessageEvent<H5Reply>) => {
      if ("answer" in data) resolve(data.answer);
      else reject(new InputError(data.refused));
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    this.worker.postMessage(request);
    return promise.finally(() => clearTimeout(late));
  }

  [Symbol.dispose](): void {
    this.worker.terminate();
  }
}
