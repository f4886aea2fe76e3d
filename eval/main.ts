/** `deno task eval`: scores predictions as the official devkits do. See `eval/README.md`. */
import { InputError } from "../std/errors.ts";
import { removePartFilesOnSignal, writeTextAtomic } from "../std/files.ts";
import { print, printError, runMain } from "../std/main.ts";
import { Progress } from "../std/progress.ts";
import { parseCommand, type ScoreCommand, usage } from "./args.ts";
import type { AnyBenchmark } from "./benchmark.ts";
import { join } from "./benchmarks/file_pairs.ts";
import { BENCHMARKS } from "./registry.ts";
import { toJson, toMarkdown, toSpeed, toText } from "./render.ts";
import { type Run, runBenchmark } from "./run.ts";

async function main(args: readonly string[]): Promise<void> {
  // Loaded only then: all other commands work without a compiler.
  if (args[0] === "model") return (await import("./model/main.ts")).modelMain(args.slice(1));
  const command = parseCommand(args);
  if (command.kind === "help") print(usage());
  else if (command.kind === "list") list(command.json);
  else await score(command);
}

function list(json: boolean): void {
  const rows = Object.entries(BENCHMARKS).map(([id, benchmark]) => ({
    id,
    summary: benchmark.summary,
    reference: defaultReference(benchmark),
  }));
  if (json) print(JSON.stringify({ schemaVersion: 1, benchmarks: rows }, null, 2));
  else print(rows.map(describe).join("\n"));
}

function describe(row: { id: string; summary: string; reference: string }): string {
  return `${row.id}  ${row.summary}\n    equals ${row.reference}`;
}

/** The tool that a benchmark equals when no option is given. */
function defaultReference({ options, reference }: AnyBenchmark): string {
  const defaults = Object.entries(options).flatMap(([name, { fallback }]) =>
    fallback === undefined ? [] : [[name, fallback]]
  );
  return reference({ gt: "", pred: "", options: Object.fromEntries(defaults) });
}

async function score(command: ScoreCommand): Promise<void> {
  // Before the work, so that a folder that cannot be made is not found out after it.
  if (command.out !== undefined) await makeFolder(command.out);
  removePartFilesOnSignal();
  const run = await runWithProgress(command);
  const { result } = run;
  if (command.out !== undefined) {
    await writeTextAtomic(join(command.out, `${command.id}.json`), `${toJson(result)}\n`);
    await writeTextAtomic(join(command.out, `${command.id}.md`), toMarkdown(result));
  }
  print(command.json ? toJson(result) : toText(result));
  for (const warning of result.warnings) printError(`warning: ${warning}`);
  printError(toSpeed(run));
}

async function runWithProgress({ id, request, jobs }: ScoreCommand): Promise<Run> {
  using stack = new DisposableStack();
  let bar: Progress | undefined;
  let seen = 0;
  return await runBenchmark(id, request, {
    jobs,
    progress(taken, total) {
      bar ??= stack.use(new Progress(total, id, "items"));
      bar.tick(taken - seen);
      seen = taken;
    },
  });
}

async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`Cannot make the folder --out "${path}": ${reason}`, { cause: error });
  }
}

if (import.meta.main) await runMain(() => main(Deno.args));
