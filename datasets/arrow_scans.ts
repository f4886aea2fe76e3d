import { InputError } from "../std/errors.ts";
import { ScanFile } from "./arrow_file.ts";
import { type Manifest, MANIFEST_ENDING, readManifest } from "./manifest.ts";
import type { Scan } from "./scan.ts";
import { shapeProblems } from "./scan_shape.ts";
import type { ScanMetadata } from "./metadata.ts";

/** Scans in a file or folder, read one at a time in any order. */
export interface ScanSource extends Disposable, AsyncIterable<Scan> {
  readonly path: string;
  readonly metadata: ScanMetadata;
  /** Number of scans. */
  readonly length: number;
  /**
   * Scan `index`, its arrays views of one buffer read for it.
   *
   * @throws {InputError} when the file is damaged there, or the arrays of the scan do not fit.
   */
  scan(index: number): Promise<Scan>;
}

/**
 * Opens a scan file, or a folder of them (its *.arrow files by name), of one data set.
 *
 * @throws {InputError} when nothing is there, a file is unreadable, or data sets are mixed.
 */
export async function openScans(path: string): Promise<ScanSource> {
  using stack = new DisposableStack();
  const files = (await scanPaths(path)).map((file) => stack.use(ScanFile.open(file)));
  const { metadata } = files[0]!; // scanPaths() names one file at least
  const stranger = files.find((file) =>
    file.metadata.dataset !== metadata.dataset || file.metadata.version !== metadata.version ||
    JSON.stringify(file.metadata.classes) !== JSON.stringify(metadata.classes)
  );
  if (stranger !== undefined) {
    throw new InputError(
      `Cannot read "${path}": "${files[0]!.path}" is ${
        label(metadata)
      } and "${stranger.path}" is ` +
        `${label(stranger.metadata)}, and a folder needs one data set`,
    );
  }
  return new Scans(path, metadata, files, stack.move());
}

const label = ({ dataset, version }: ScanMetadata) => `${dataset} version ${version}`;

/**
 * The scan files that `path` names: itself; or, of a folder, the shards that its manifests list, or
 * without a manifest its *.arrow files by name.
 *
 * @throws {InputError} when there are none, or the conversion that made them did not end.
 */
export async function scanPaths(path: string): Promise<string[]> {
  const { files, manifests } = await scanFiles(path);
  const half = manifests.find(({ manifest }) => !manifest.complete);
  if (half !== undefined) {
    throw new InputError(
      `Cannot read "${path}": "${half.path}" is of a conversion that did not end; run it again, ` +
        `and it goes on where it stopped`,
    );
  }
  return files;
}

/** The files of {@linkcode scanPaths}, and the manifests of the folder with what they list. */
export async function scanFiles(path: string): Promise<{
  files: string[];
  manifests: { path: string; manifest: Manifest }[];
}> {
  if (!(await isFolder(path))) return { files: [path], manifests: [] };
  const folder = path.replace(/(.)\/+$/, "$1");
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) names.push(entry.name);
  names.sort();
  const manifests = [];
  for (const name of names.filter((name) => name.endsWith(MANIFEST_ENDING))) {
    const manifest = await readManifest(`${folder}/${name}`);
    if (manifest !== undefined) manifests.push({ path: `${folder}/${name}`, manifest });
  }
  const listed = manifests.flatMap(({ manifest }) => manifest.shards.map(({ file }) => file));
  const files = manifests.length > 0 ? listed : names.filter((name) => name.endsWith(".arrow"));
  if (files.length === 0) {
    throw new InputError(`Cannot read "${path}": the folder holds no .arrow file`);
  }
  return { files: files.map((name) => `${folder}/${name}`), manifests };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new InputError(`Cannot read "${path}": there is no such file or folder`, { cause });
  }
}

class Scans implements ScanSource {
  readonly length: number;

  constructor(
    readonly path: string,
    readonly metadata: ScanMetadata,
    private readonly files: readonly ScanFile[],
    private readonly owned: Disposable,
  ) {
    this.length = files.reduce((sum, file) => sum + file.length, 0);
  }

  // deno-lint-ignore require-await -- so that a bad index or file is a rejection, never a throw
  async scan(index: number): Promise<Scan> {
    let local = index;
    for (const file of this.files) {
      if (local >= 0 && local < file.length) return checked(file, local);
      local -= file.length;
    }
    throw new RangeError(`Cannot read scan ${index}: "${this.path}" has ${this.length} scans`);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Scan> {
    for (let i = 0; i < this.length; i++) yield await this.scan(i);
  }

  [Symbol.dispose](): void {
    this.owned[Symbol.dispose]();
  }
}

function checked(file: ScanFile, index: number): Scan {
  const scan = file.read(index);
  const [problem] = shapeProblems(scan, file.metadata);
  if (problem !== undefined) {
    throw new InputError(`Cannot read "${file.path}" scan "${scan.id}": ${problem}`);
  }
  return scan;
}
