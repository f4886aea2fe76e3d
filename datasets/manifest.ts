/**
 * The manifest of a conversion: which shards a folder holds of a data set, with their checksums. It
 * is rewritten after each shard, so that an interrupted conversion goes on where it stopped, and a
 * reader knows a finished one from a half.
 */
import { z } from "zod";
import { InputError } from "../std/errors.ts";
import { writeTextAtomic } from "../std/files.ts";

const SHARD = z.strictObject({
  /** Name in the folder of the manifest. */
  file: z.string().regex(/^[A-Za-z0-9._-]+\.arrow$/),
  part: z.string(),
  /** Of the part: the number of the shard's first scan. */
  first: z.int().min(0),
  scans: z.int().min(1),
  bytes: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Points left out because a value was not finite. */
  droppedPoints: z.int().min(0),
  /** What its bytes depend on: settings and source files; another key means other bytes. */
  key: z.string(),
});

const MANIFEST = z.strictObject({
  schemaVersion: z.literal(1),
  dataset: z.string(),
  datasetVersion: z.int(),
  /** False from the first shard of a conversion to its last. */
  complete: z.boolean(),
  shards: z.array(SHARD).readonly(),
});

/** A finished file of a conversion. */
export type Shard = Readonly<z.infer<typeof SHARD>>;
export type Manifest = Readonly<z.infer<typeof MANIFEST>>;

/** Manifests end with this; what stands before is the name of the data set. */
export const MANIFEST_ENDING = ".manifest.json";

/** Where the manifest of a data set lies. */
export const manifestPath = (folder: string, dataset: string): string =>
  `${folder}/${dataset}${MANIFEST_ENDING}`;

/** Manifests are kilobytes; a larger file is none. */
const MAX_BYTES = 64 << 20;

/**
 * Reads a manifest; undefined when there is none.
 *
 * @throws {InputError} when it is damaged.
 */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  let parsed: unknown;
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_BYTES) {
      throw new InputError(`Cannot read "${path}": it is ${size} bytes, too large for a manifest`);
    }
    parsed = JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new InputError(`Cannot read "${path}": it is not JSON (${cause.message})`, { cause });
  }
  const result = MANIFEST.safeParse(parsed);
  if (result.success) return result.data;
  const { path: place, message } = result.error.issues[0]!;
  throw new InputError(`Cannot read "${path}": ${place.join(".") || "the whole"}: ${message}`);
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const path = manifestPath(folder, manifest.dataset);
  await writeTextAtomic(path, `${JSON.stringify(manifest, undefined, 2)}\n`);
}
