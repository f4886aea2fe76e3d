/** `deno task report`: every generated page again from stored results and published tables. */
import { parseArgs } from "@std/cli/parse-args";
import { CheckError, InputError } from "../std/errors.ts";
import { removePartFilesOnSignal } from "../std/files.ts";
import { print, runMain } from "../std/main.ts";
import { benchPage, type PageFile } from "./bench_page.ts";
import { evalPage } from "./eval_page.ts";
import { compareFiles, listFiles, writeFiles } from "./files.ts";
import { asset } from "./html/assets.ts";
import { openInBrowser, writeHtmlFile } from "./html/file.ts";
import { resultsDocument } from "./html/results_document.ts";
import { historyPages } from "./history_page.ts";
import { indexPage, type Stored } from "./index_page.ts";
import { plural } from "./numbers.ts";
import { loadPublished } from "./published/load.ts";
import { publishedPages, tablesIndex } from "./published_page.ts";
import { parseBenchResult, parseEvalResult } from "./schema.ts";

const DEFAULT_OUT = "reports/pages";

/** Where --open writes when no file is named; git ignores it. */
const DEFAULT_HTML = "reports/out/report.html";

const HELP = `Usage: deno task report [--check] [--out DIR]
       deno task report --html FILE [--open]

Rebuilds every generated Markdown and SVG page from bench/results, eval/results and the published
tables, and the index reports/TABLES.md.

  --check      write nothing; exit 1 when a page is not what its result gives, byte for byte
  --out DIR    the folder of the pages (default reports/pages)
  --html FILE  instead: one HTML file with the newest results, their charts and the published
               tables, sortable, which needs nothing else and no network
  --open       show that file (default ${DEFAULT_HTML}) in the browser
  --help       this text

A scan in 3-D with its labels, predictions and boxes: deno task eval scene --help`;

interface Options {
  readonly help: boolean;
  readonly check: boolean;
  readonly out: string;
  /** The HTML file to write instead of the pages. */
  readonly html: string | undefined;
  readonly open: boolean;
}

function parseOptions(args: readonly string[]): Options {
  const parsed = parseArgs(args, {
    boolean: ["check", "help", "open"],
    string: ["out", "html"],
    unknown: (arg) => {
      if (arg.startsWith("--scene")) {
        throw new InputError(`Cannot use "${arg}": a scan is shown by deno task eval scene PATH`);
      }
      const known = "--check, --out DIR, --html FILE, --open and --help";
      throw new InputError(`Cannot use "${arg}": known are ${known}`);
    },
  });
  const text = (name: "out" | "html", what: string) => {
    const value = parsed[name];
    // "--out" with nothing behind it comes as "".
    if (value === undefined || (typeof value === "string" && value !== "")) return value;
    throw new InputError(`Cannot use --${name}: it needs one ${what}`);
  };
  const open = parsed["open"] === true;
  const html = text("html", "file") ?? (open ? DEFAULT_HTML : undefined);
  const out = text("out", "folder");
  const check = parsed["check"] === true;
  if (html !== undefined && (check || out !== undefined)) {
    throw new InputError(
      "Cannot write an HTML file with --check or --out: they are about the pages",
    );
  }
  return { help: parsed["help"] === true, check, out: out ?? DEFAULT_OUT, html, open };
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

/** What all pages are made of. */
async function readAll() {
  return {
    bench: await readStored("bench", parseBenchResult),
    scores: await readStored("eval", parseEvalResult),
    published: await loadPublished(),
  };
}

async function buildPages(pages: string): Promise<PageFile[]> {
  const { bench, scores, published } = await readAll();
  const files: PageFile[] = [
    indexPage(bench, scores),
    ...await historyPages(bench),
    ...publishedPages(published, bench),
  ];
  for (const { name, result } of bench) files.push(...await benchPage(result, name));
  for (const { name, result } of scores) files.push(...evalPage(result, name));
  return [
    { path: "TABLES.md", text: tablesIndex(published, bench, pages) },
    ...files.map(({ path, text }) => ({ path: pages + path, text })),
  ];
}

async function writeHtml(file: string, open: boolean): Promise<void> {
  const [stored, style, script] = [
    await readAll(),
    await asset("style.css"),
    await asset("tables.js"),
  ];
  await writeHtmlFile(file, await resultsDocument({ ...stored, style, script }));
  print(file);
  if (open) await openInBrowser(file);
}

async function main(): Promise<void> {
  const { help, check, out, html, open } = parseOptions(Deno.args);
  if (help) return print(HELP);
  removePartFilesOnSignal();
  if (html !== undefined) return await writeHtml(html, open);
  // In the repository the index of tables stands above the pages; elsewhere among them.
  const [folder, pages] = out === DEFAULT_OUT ? ["reports", "pages/"] : [out, ""];
  const files = await buildPages(pages);
  const differences = await compareFiles(folder, files, pages);
  if (check) {
    if (differences.length === 0) {
      return print(`${plural(files.length, "file")} up to date in ${folder}`);
    }
    print(differences.map(({ path, kind }) => `${kind}: ${folder}/${path}`).join("\n"));
    const count = plural(differences.length, "file");
    throw new CheckError(
      `${count} in "${folder}" not as the results give them: run deno task report`,
    );
  }
  const changed = new Set(differences.map(({ path }) => path));
  await writeFiles(folder, files.filter(({ path }) => changed.has(path)));
  for (const { path, kind } of differences) {
    if (kind === "left over") await Deno.remove(`${folder}/${path}`);
  }
  print(`${plural(files.length, "file")} in ${folder}, ${differences.length} of them changed`);
}

if (import.meta.main) await runMain(main);
