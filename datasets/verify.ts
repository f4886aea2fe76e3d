import { InputError } from "../std/errors.ts";
import { ScanFile } from "./arrow_file.ts";
import { scanFiles } from "./arrow_scans.ts";
import { fileSha256 } from "./fingerprint.ts";
import { exists } from "./frames.ts";
import type { Manifest } from "./manifest.ts";
import { FileChecks, scanProblems } from "./scan_checks.ts";

/** What a check of stored scans found. */
export interface Verification {
  readonly schemaVersion: 1;
  readonly path: string;
  readonly files: number;
  readonly scans: number;
  /** Boxes in which points are expected, and how many hold none. */
  readonly boxes: { readonly expected: number; readonly empty: number };
  /** One line each, with file and scan; empty when all is well. */
  readonly problems: readonly string[];
}

/**
 * Checks every scan of a file or folder. Of the folder: the manifest is of a conversion that ended,
 * and lists the files that are there, with their checksums. Of each scan: ids are unique; lengths
 * fit; points, poses and boxes are finite; box sizes are positive; classes are known; transforms
 * rotate; images are complete and of their camera's size. Of each file: most boxes hold points, and
 * every camera sees some.
 *
 * @throws {InputError} when nothing is there, or a file or scan cannot be decoded at all.
 */
export async function verify(
  path: string,
  tick: (done: number, total: number) => void,
): Promise<Verification> {
  using stack = new DisposableStack();
  const { files: paths, manifests } = await scanFiles(path);
  const problems: string[] = [];
  for (const { path, manifest } of manifests) {
    problems.push(...(await manifestProblems(path, manifest)).map((text) => `${path}: ${text}`));
  }
  const there: string[] = [];
  for (const file of paths) if (manifests.length === 0 || await exists(file)) there.push(file);
  const files = there.map((file) => stack.use(ScanFile.open(file)));
  const scans = files.reduce((sum, file) => sum + file.length, 0);
  if (files.length === 0) {
    throw new InputError(`Cannot verify "${path}": none of the files of its manifest is there`);
  }
  const places = new Map<string, string>();
  const boxes = { expected: 0, empty: 0 };
  for (const file of files) {
    const checks = verifyFile(file, places, problems, () => tick(1, scans));
    boxes.expected += checks.boxes.expected;
    boxes.empty += checks.boxes.empty;
  }
  return { schemaVersion: 1, path, files: files.length, scans, boxes, problems };
}

function verifyFile(
  file: ScanFile,
  places: Map<string, string>,
  problems: string[],
  tick: () => void,
): FileChecks {
  const checks = new FileChecks(file.metadata);
  for (let i = 0; i < file.length; i++) {
    const scan = file.read(i);
    const found = scanProblems(scan, file.metadata);
    if (found.length === 0) checks.add(scan);
    const earlier = places.get(scan.id);
    if (earlier !== undefined) found.push(`its id is also that of ${earlier}`);
    places.set(scan.id, `${file.path} scan ${i}`);
    problems.push(...found.map((text) => `${file.path} scan ${i} ("${scan.id}"): ${text}`));
    tick();
  }
  problems.push(...checks.problems().map((text) => `${file.path}: ${text}`));
  return checks;
}

/** Whether a manifest and the folder it lies in agree, one phrase each. */
async function manifestProblems(path: string, manifest: Manifest): Promise<string[]> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  const problems: string[] = [];
  if (!manifest.complete) problems.push("the conversion did not end; run it again to go on");
  const listed = new Set(manifest.shards.map(({ file }) => file));
  for (const { file, bytes, sha256, scans } of manifest.shards) {
    const shard = `${folder}/${file}`;
    if (!(await exists(shard))) {
      problems.push(`it lists "${file}", which is not there`);
      continue;
    }
    const { size } = await Deno.stat(shard);
    if (size !== bytes) {
      problems.push(`"${file}" is ${size} bytes, and ${bytes} were written`);
    } else if (await fileSha256(shard) !== sha256) {
      problems.push(`"${file}" does not have the checksum it was written with`);
    } else {
      using open = ScanFile.open(shard);
      if (open.length !== scans) problems.push(`"${file}" has ${open.length} scans, not ${scans}`);
    }
  }
  for await (const { name } of Deno.readDir(folder)) {
    const isOurs = name.startsWith(`${manifest.dataset}-`) && name.endsWith(".arrow");
    if (isOurs && !listed.has(name)) problems.push(`"${name}" is there and not listed`);
  }
  return problems;
}
