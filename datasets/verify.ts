import { ScanFile } from "./arrow_file.ts";
import { scanPaths } from "./arrow_scans.ts";
import { firstInvalid } from "./points.ts";
import type { Boxes, Scan } from "./scan.ts";
import { shapeProblems } from "./scan_shape.ts";

/** What a check of stored scans found. */
export interface Verification {
  readonly schemaVersion: 1;
  readonly path: string;
  readonly files: number;
  readonly scans: number;
  /** One line each, with file and scan; empty when all is well. */
  readonly problems: readonly string[];
}

/**
 * Checks every scan of a file or folder: ids are unique; lengths fit; points, poses and boxes are
 * finite; box sizes are positive; classes are known to the file.
 *
 * @throws {InputError} when nothing is there, or a file or scan cannot be decoded at all.
 */
export async function verify(
  path: string,
  tick: (done: number, total: number) => void,
): Promise<Verification> {
  using stack = new DisposableStack();
  const files = (await scanPaths(path)).map((file) => stack.use(ScanFile.open(file)));
  const scans = files.reduce((sum, file) => sum + file.length, 0);
  const problems: string[] = [];
  const places = new Map<string, string>();
  for (const file of files) {
    for (let i = 0; i < file.length; i++) {
      const scan = file.read(i);
      const found = scanProblems(scan, file.metadata.classes);
      const earlier = places.get(scan.id);
      if (earlier !== undefined) found.push(`its id is also that of ${earlier}`);
      places.set(scan.id, `${file.path} scan ${i}`);
      problems.push(...found.map((text) => `${file.path} scan ${i} ("${scan.id}"): ${text}`));
      tick(1, scans);
    }
  }
  return { schemaVersion: 1, path, files: files.length, scans, problems };
}

/** What is wrong with a scan, one phrase each. */
export function scanProblems(scan: Scan, classes: Readonly<Record<number, string>>): string[] {
  const problems = shapeProblems(scan);
  if (scan.id === "") problems.push("its id is empty");
  const invalid = firstInvalid(scan.points);
  if (invalid >= 0) problems.push(`point ${invalid} has a value that is not finite`);
  problems.push(...unknownClasses("point", scan.semantic, classes));
  if (scan.pose?.some((value) => !Number.isFinite(value))) {
    problems.push("its pose has a value that is not finite");
  }
  if (scan.boxes !== undefined) problems.push(...boxProblems(scan.boxes, classes));
  return problems;
}

function unknownClasses(
  thing: string,
  ids: Uint16Array | undefined,
  classes: Readonly<Record<number, string>>,
): string[] {
  const first = new Map<number, number>();
  const count = new Map<number, number>();
  ids?.forEach((id, i) => {
    if (classes[id] !== undefined) return;
    if (!first.has(id)) first.set(id, i);
    count.set(id, (count.get(id) ?? 0) + 1);
  });
  return Array.from(
    first,
    ([id, i]) => `class ${id} is unknown: ${thing} ${i} has it, ${count.get(id)} in all`,
  );
}

function boxProblems(
  { geometry, semantic }: Boxes,
  classes: Readonly<Record<number, string>>,
): string[] {
  const problems = unknownClasses("box", semantic, classes);
  for (let box = 0; box < geometry.length / 7; box++) {
    const values = geometry.subarray(7 * box, 7 * box + 7);
    if (values.some((value) => !Number.isFinite(value))) {
      problems.push(`box ${box} has a value that is not finite`);
    } else if (values.subarray(3, 6).some((value) => value <= 0)) {
      problems.push(`box ${box} has the size ${values.subarray(3, 6).join(" x ")} m`);
    }
  }
  return problems;
}
