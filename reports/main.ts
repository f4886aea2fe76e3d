/** `deno task report`: every generated page again from the stored results. */
import { parseArgs } from "@std/cli/parse-args";
import { CheckError, InputError } from "../std/errors.ts";
import { removePartFilesOnSignal } from "../std/files.ts";
import { print, runMain } from "../std/main.ts";
import { benchPage, type PageFile } from "./bench_page.ts";
import { evalPage } from "./eval_page.ts";
import { compareFiles, listFiles, writeFiles } from "./files.ts";
import { indexPage, type Stored } from "./index_page.ts";
import { plural } from "./numbers.ts";
import { parseBenchResult, parseEvalResult } from "./schema.ts";

const HELP = `Usage: deno task report [--check] [--out DIR]

Rebuilds every generated Markdown and SVG page from bench/results and eval/results.

  --check    write nothing; exit 1 when a page is not what its result gives, byte for byte
  --out DIR  the folder of the pages (default reports/pages)
  --help     this text`;

interface Options {
  readonly help: boolean;
  readonly check: boolean;
  readonly out: string;
}

function parseOptions(args: readonly string[]): Options {
  const parsed = parseArgs(args, {
    boolean: ["check", "help"],
    string: ["out"],
    default: { out: "reports/pages" },
    unknown: (arg) => {
      throw new InputError(`Cannot use "${arg}": known are --check, --out DIR and --help`);
    },
  });
  const { out } = parsed;
  // "--out" with nothing behind it comes as "".
  if (typeof out !== "string" || out === "") {
    throw new InputError("Cannot use --out: it needs one folder");
  }
  return { help: parsed["help"] === true, check: parsed["check"] === true, out };
}

/** The stored results of a room, by the name of their pages. */
async function readStored<T>(
  room: string,
  parse: (text: string, file: string) => T,
): Promise<Stored<T>[]> {
  const folder = `${room}/results`;
  const paths = (await listFiles(folder)).filter((path) => path.endsWith(".json"));
  const found: Stored<T>[] = [];
  // One after another: of two bad files the first is named, every time.
  for (const path of paths) {
    const file = `${folder}/${path}`;
    const result = parse(await Deno.readTextFile(file), file);
    found.push({ name: `${room}/${path.slice(0, -".json".length)}`, result });
  }
  return found;
}

async function buildPages(): Promise<PageFile[]> {
  const bench = await readStored("bench", parseBenchResult);
  const scores = await readStored("eval", parseEvalResult);
  const files: PageFile[] = [indexPage(bench, scores)];
  for (const { name, result } of bench) files.push(...await benchPage(result, name));
  for (const { name, result } of scores) files.push(...evalPage(result, name));
  return files;
}

async function main(): Promise<void> {
  const { help, check, out } = parseOptions(Deno.args);
  if (help) return print(HELP);
  removePartFilesOnSignal();
  const files = await buildPages();
  const differences = await compareFiles(out, files);
  if (check) {
    if (differences.length === 0) {
      return print(`${plural(files.length, "file")} up to date in ${out}`);
    }
    print(differences.map(({ path, kind }) => `${kind}: ${out}/${path}`).join("\n"));
    const count = plural(differences.length, "file");
    throw new CheckError(`${count} in "${out}" not as the results give them: run deno task report`);
  }
  const changed = new Set(differences.map(({ path }) => path));
  await writeFiles(out, files.filter(({ path }) => changed.has(path)));
  for (const { path, kind } of differences) {
    if (kind === "left over") await Deno.remove(`${out}/${path}`);
  }
  print(`${plural(files.length, "file")} in ${out}, ${differences.length} of them changed`);
}

if (import.meta.main) await runMain(main);
