/** Incremental, parallel compilation of one target: a list of sources to one library or program. */
import { CheckError } from "../std/errors.ts";
import { printError } from "../std/main.ts";
import type { Tool } from "./toolchain.ts";

export interface Unit {
  /** Path below kernels/. */
  readonly source: string;
  /** The text of a source that the build itself makes and writes. */
  readonly generated?: string;
  readonly compiler: Tool;
  readonly flags: readonly string[];
}

export interface Target {
  /** File name below kernels/build/. */
  readonly output: string;
  readonly units: readonly Unit[];
  readonly linker: Tool;
  readonly linkFlags: readonly string[];
}

export interface Built {
  readonly path: string;
  readonly compiled: number;
  readonly seconds: number;
}

const ROOT = new URL("./", import.meta.url).pathname;
const BUILD = `${ROOT}build`;

/** Names of the files of a folder below kernels/ that end in `ending`, sorted. */
export function sources(folder: string, ending: string): string[] {
  try {
    return [...Deno.readDirSync(`${ROOT}${folder}`)]
      .filter((entry) => entry.isFile && entry.name.endsWith(ending))
      .map((entry) => `${folder}/${entry.name}`).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * Builds what is not there yet. Progress goes to `say`, one line at the start. With `strict`, a
 * source that compiled with warnings is an error, also when it was compiled before.
 */
export async function build(
  target: Target,
  strict: boolean,
  say: (line: string) => void,
): Promise<Built> {
  const start = performance.now();
  for (const folder of ["obj", "generated"]) {
    Deno.mkdirSync(`${BUILD}/${folder}`, { recursive: true });
  }
  const headers = { host: await headerHash(HOST), all: await headerHash([...HOST, ...REST]) };
  const objects = await Promise.all(
    target.units.map((unit) =>
      objectOf(unit, /^(core|cpu)\//.test(unit.source) ? headers.host : headers.all)
    ),
  );
  const stale = target.units.map((unit, i) => ({ unit, object: objects[i]! }))
    .filter(({ object }) => !exists(object));
  if (stale.length > 0) {
    say(`Building ${target.output}: ${stale.length} of ${objects.length} files`);
  }
  await inParallel(stale, ({ unit, object }) => compile(unit, object));
  const warned = objects.find((object) => strict && exists(warningsOf(object)));
  if (warned !== undefined) {
    const text = Deno.readTextFileSync(warningsOf(warned));
    throw new CheckError(`Cannot build ${target.output}: warnings count as errors\n${text}`);
  }
  const path = `${BUILD}/${target.output}`;
  const key = await hash([...objects, target.linker.version, ...target.linkFlags]);
  const keyFile = `${path}.key`;
  if (!exists(path) || read(keyFile) !== key) {
    await link(target, objects, path);
    Deno.writeTextFileSync(keyFile, key);
  }
  return { path, compiled: stale.length, seconds: (performance.now() - start) / 1e3 };
}

async function objectOf(unit: Unit, headers: string): Promise<string> {
  const text = unit.generated ?? Deno.readTextFileSync(ROOT + unit.source);
  const key = await hash([unit.source, text, headers, unit.compiler.version, ...unit.flags]);
  return `${BUILD}/obj/${unit.source.replaceAll("/", "_")}-${key}.o`;
}

/** Folders whose headers the sources of core/ and cpu/ include, and those of the rest. */
const HOST = ["include", "core", "cpu"];
const REST = ["cuda", "cuda/emulator", "tests"];

/** One hash over all headers of some folders: a changed one rebuilds all that may include it. */
async function headerHash(folders: readonly string[]): Promise<string> {
  const files = folders.flatMap((folder) =>
    [".h", ".hpp", ".inl", ".cuh"].flatMap((ending) => sources(folder, ending))
  );
  return await hash(files.flatMap((file) => [file, Deno.readTextFileSync(ROOT + file)]));
}

async function hash(parts: readonly string[]): Promise<string> {
  const bytes = new TextEncoder().encode(parts.join("\0"));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest.subarray(0, 10)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether `path` is there and a file. */
export function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function read(path: string): string | undefined {
  return exists(path) ? Deno.readTextFileSync(path) : undefined;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const runner = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, runner));
}

/** Where the warnings of an object are kept, if it had any. */
const warningsOf = (object: string) => `${object}.warnings`;

async function compile(unit: Unit, object: string): Promise<void> {
  if (unit.generated !== undefined) Deno.writeTextFileSync(ROOT + unit.source, unit.generated);
  const temporary = `${object}.${Deno.pid}.part.o`;
  const args = [...unit.flags, "-c", ROOT + unit.source, "-o", temporary];
  const warnings = await run(unit.compiler, args, unit.source);
  if (warnings) Deno.writeTextFileSync(warningsOf(object), warnings);
  Deno.renameSync(temporary, object);
}

async function link(target: Target, objects: string[], path: string): Promise<void> {
  const temporary = `${path}.${Deno.pid}.part`;
  await run(target.linker, [...objects, ...target.linkFlags, "-o", temporary], target.output);
  Deno.renameSync(temporary, path);
}

/** Runs a compiler. Its messages become the error, or are shown and returned as warnings. */
async function run(compiler: Tool, args: string[], what: string): Promise<string> {
  const { success, stderr, stdout } = await new Deno.Command(compiler.path, { args, cwd: ROOT })
    .output();
  const text = (new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout)).trim();
  if (!success) {
    throw new CheckError(`Cannot build ${what}: ${compiler.path} ${args.join(" ")}\n${text}`);
  }
  if (text) printError(text);
  return text;
}
