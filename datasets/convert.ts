import { InputError } from "../std/errors.ts";
import { Progress } from "../std/progress.ts";
import { writeScans } from "./arrow_writer.ts";
import type { ConvertOptions, Dataset, Part } from "./dataset.ts";
import { exists } from "./frames.ts";
import type { Scan } from "./scan.ts";

/** What a conversion made. */
export interface Converted {
  /** The files written, one a part. */
  readonly paths: readonly string[];
  readonly scans: number;
  /** Points left out because a value was not finite. */
  readonly droppedPoints: number;
}

/**
 * Converts a data set under `src` into `out`/<dataset>-<part>.arrow. Names and sizes of all source
 * files are checked before the first byte is written; a file of `out` is complete or absent.
 *
 * @throws {InputError} at the first bad source file, or for an option the data set does not have.
 */
export async function convert(
  dataset: Dataset,
  src: string,
  out: string,
  options: Omit<ConvertOptions, "dropped">,
): Promise<Converted> {
  const { metadata } = dataset;
  for (const option of ["sequences", "velodyne"] as const) {
    if (options[option] !== undefined && !dataset.options.includes(option)) {
      throw new InputError(
        `Cannot convert ${metadata.dataset} with --${option}: the data set has no such choice`,
      );
    }
  }
  let droppedPoints = 0;
  const parts = await dataset.parts(trimSlashes(src), {
    ...options,
    dropped: (points) => droppedPoints += points,
  });
  const paths: string[] = [];
  let scans = 0;
  await withFolder(out, async () => {
    using progress = new Progress(
      parts.reduce((sum, part) => sum + part.length, 0),
      `converting ${metadata.dataset}`,
      "scans",
    );
    for (const part of parts) {
      const path = `${trimSlashes(out)}/${metadata.dataset}-${part.name}.arrow`;
      scans += await writeScans(path, metadata, ticking(part, progress));
      paths.push(path);
    }
  });
  return { paths, scans, droppedPoints };
}

const trimSlashes = (path: string) => path.replace(/(.)\/+$/, "$1");

async function* ticking(part: Part, progress: Progress): AsyncGenerator<Scan> {
  for await (const scan of part.scans()) {
    yield scan;
    progress.tick();
  }
}

/** Runs `write` with the folder `out` made; when it fails, a folder made for nothing goes again. */
export async function withFolder(out: string, write: () => Promise<void>): Promise<void> {
  const isNew = !(await exists(out));
  await makeFolder(out);
  try {
    await write();
  } catch (error) {
    // Not recursive: refused when files are in it.
    if (isNew) await Deno.remove(out).catch(() => {});
    throw error;
  }
}

async function makeFolder(out: string): Promise<void> {
  try {
    await Deno.mkdir(out, { recursive: true });
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists || cause instanceof Deno.errors.NotADirectory) {
      throw new InputError(`Cannot write to "${out}": it is a file, and a folder is needed`, {
        cause,
      });
    }
    throw cause;
  }
}
