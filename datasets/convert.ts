import { InputError } from "../std/errors.ts";
import { holdLock, removeLeftParts } from "../std/files.ts";
import { Progress } from "../std/progress.ts";
import { writeScans } from "./arrow_writer.ts";
import type { ConvertChoices, ConvertOptions, Dataset, Part } from "./dataset.ts";
import { fileSha256, fingerprint } from "./fingerprint.ts";
import { exists } from "./frames.ts";
import { manifestPath, readManifest, type Shard, writeManifest } from "./manifest.ts";
import type { ScanMetadata } from "./metadata.ts";
import type { Scan } from "./scan.ts";

/** What a conversion made. */
export interface Converted {
  /** The files of the conversion: one a part, or several shards. */
  readonly paths: readonly string[];
  readonly scans: number;
  /** Shards that an earlier, interrupted run had finished. */
  readonly resumed: number;
  /** Points left out because a value was not finite. */
  readonly droppedPoints: number;
}

/** How a conversion writes its files. */
export interface OutputOptions {
  /** Scans a file at most; {@linkcode DEFAULT_SHARD} when absent. */
  readonly shardScans?: number;
}

/** Scans a file: about 1 GB of LiDAR alone, and a minute of work lost by an interruption. */
export const DEFAULT_SHARD = 500;

/**
 * Converts a data set under `src` into `out`/<dataset>-<part>.arrow, or -<part>-<n>-of-<m>.arrow
 * where a part is more than one shard, and `out`/<dataset>.manifest.json. Names and sizes of all
 * source files are checked before the first byte is written; a file of `out` is complete or absent.
 * Shards that the manifest lists from an interrupted run of the same settings and source files are
 * kept, if their checksums hold. Two conversions of a data set cannot write into one folder at once.
 *
 * @throws {InputError} at the first bad source file, or for an option the data set does not have.
 */
export async function convert(
  dataset: Dataset,
  src: string,
  out: string,
  options: Omit<ConvertOptions, "dropped"> & OutputOptions,
): Promise<Converted> {
  checkChoices(dataset, options);
  const metadata = await dataset.metadataOf?.(trimSlashes(src)) ?? dataset.metadata;
  const dropped = { points: 0 };
  const parts = await dataset.parts(trimSlashes(src), {
    ...options,
    dropped: (points) => dropped.points += points,
  });
  const plans = [...planShards(metadata, parts, options)];
  const folder = trimSlashes(out);
  const { shards, resumed } = await withFolder(
    out,
    () => writeShards(metadata, folder, plans, dropped),
  );
  return {
    paths: shards.map(({ file }) => `${folder}/${file}`),
    scans: shards.reduce((sum, shard) => sum + shard.scans, 0),
    resumed,
    droppedPoints: shards.reduce((sum, shard) => sum + shard.droppedPoints, 0),
  };
}

/** Writes the planned shards that are not there yet, and the manifest after each. */
async function writeShards(
  metadata: ScanMetadata,
  folder: string,
  plans: readonly ShardPlan[],
  dropped: { points: number },
): Promise<{ shards: Shard[]; resumed: number }> {
  using _lock = await holdLock(`${folder}/${metadata.dataset}.lock`);
  await removeLeftParts(folder, metadata.dataset);
  const old = (await readManifest(manifestPath(folder, metadata.dataset)))?.shards ?? [];
  const parts = new Set(plans.map(({ part }) => part.name));
  const others = old.filter(({ part }) => !parts.has(part));
  const shards: Shard[] = [];
  let resumed = 0;
  const total = plans.reduce((sum, { first, end }) => sum + end - first, 0);
  using progress = new Progress(total, `converting ${metadata.dataset}`, "scans");
  for (const plan of plans) {
    let shard = await keptShard(folder, plan, old);
    if (shard !== undefined) {
      resumed++;
      progress.tick(shard.scans);
    } else {
      dropped.points = 0;
      const { file, first, part, key } = plan;
      const scans = ticking(part.scans(first, plan.end), progress);
      const written = await writeScans(`${folder}/${file}`, metadata, scans);
      shard = { file, part: part.name, first, ...written, droppedPoints: dropped.points, key };
    }
    shards.push(shard);
    await writeManifest(folder, {
      schemaVersion: 1,
      dataset: metadata.dataset,
      datasetVersion: metadata.version,
      complete: shards.length === plans.length && areWhole(others),
      shards: [...others, ...shards].sort((a, b) => a.file < b.file ? -1 : 1),
    });
  }
  await removeReplaced(folder, metadata.dataset, parts, shards);
  return { shards, resumed };
}

const CHOICES = ["sequences", "velodyne", "version", "sweeps", "images"] as const;

function checkChoices({ metadata, options }: Dataset, chosen: ConvertChoices): void {
  for (const option of CHOICES) {
    if (chosen[option] !== undefined && !options.includes(option)) {
      throw new InputError(
        `Cannot convert ${metadata.dataset} with --${option}: the data set has no such choice`,
      );
    }
  }
}

/** A shard that a conversion is to make. */
interface ShardPlan {
  readonly file: string;
  readonly part: Part;
  readonly first: number;
  readonly end: number;
  readonly key: string;
}

function* planShards(
  metadata: ScanMetadata,
  parts: readonly Part[],
  { dropInvalid, shardScans = DEFAULT_SHARD, ...choices }:
    & Omit<ConvertOptions, "dropped">
    & OutputOptions,
): Generator<ShardPlan> {
  const { velodyne, version, sweeps, images } = choices;
  const settings = [metadata, velodyne, version, sweeps, images, dropInvalid];
  for (const part of parts) {
    const count = Math.max(1, Math.ceil(part.length / shardScans));
    const key = fingerprint([JSON.stringify(settings), shardScans, part.length, part.key]);
    for (let k = 0; k < count; k++) {
      const number = (n: number) => String(n).padStart(5, "0");
      const ending = count === 1 ? "" : `-${number(k)}-of-${number(count)}`;
      yield {
        file: `${metadata.dataset}-${part.name}${ending}.arrow`,
        part,
        first: k * shardScans,
        end: Math.min(part.length, (k + 1) * shardScans),
        key,
      };
    }
  }
}

/** The shard that an earlier run made for `plan`, if its bytes are still those it wrote. */
async function keptShard(
  folder: string,
  { file, key }: ShardPlan,
  old: readonly Shard[],
): Promise<Shard | undefined> {
  const shard = old.find((other) => other.file === file && other.key === key);
  const path = `${folder}/${file}`;
  if (shard === undefined || !(await exists(path))) return undefined;
  if ((await Deno.stat(path)).size !== shard.bytes) return undefined;
  return await fileSha256(path) === shard.sha256 ? shard : undefined;
}

/** Whether no part lacks a shard: an earlier conversion of other parts may have been interrupted. */
function areWhole(shards: readonly Shard[]): boolean {
  const byPart = Map.groupBy(shards, ({ part }) => part).values();
  return byPart.every((of) =>
    of.length === Number(/-of-(\d+)\.arrow$/.exec(of[0]!.file)?.[1] ?? 1)
  );
}

/**
 * Removes the shards that earlier conversions of these parts made and this one has replaced by
 * others; an interrupted one may have left them out of its manifest.
 */
async function removeReplaced(
  folder: string,
  dataset: string,
  parts: ReadonlySet<string>,
  shards: readonly Shard[],
): Promise<void> {
  const written = new Set(shards.map(({ file }) => file));
  for await (const { name } of Deno.readDir(folder)) {
    const part = /^(.+?)(?:-\d{5}-of-\d{5})?\.arrow$/.exec(name)?.[1];
    if (written.has(name) || !part?.startsWith(`${dataset}-`)) continue;
    if (!parts.has(part.slice(dataset.length + 1))) continue;
    await Deno.remove(`${folder}/${name}`).catch(() => {});
  }
}

const trimSlashes = (path: string) => path.replace(/(.)\/+$/, "$1");

async function* ticking(scans: AsyncIterable<Scan>, progress: Progress): AsyncGenerator<Scan> {
  for await (const scan of scans) {
    yield scan;
    progress.tick();
  }
}

/** Runs `write` with the folder `out` made; when it fails, a folder made for nothing goes again. */
export async function withFolder<T>(out: string, write: () => Promise<T>): Promise<T> {
  const isNew = !(await exists(out));
  await makeFolder(out);
  try {
    return await write();
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
