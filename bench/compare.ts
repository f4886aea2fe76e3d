/** `deno task bench compare BEFORE.json AFTER.json`: what became faster and what slower. */
import { parseArgs } from "@std/cli/parse-args";
import { compareRuns, comparisonPage } from "../reports/compare.ts";
import { protocolName } from "../reports/protocol.ts";
import { type BenchResult, parseBenchResult } from "../reports/schema.ts";
import { CheckError, InputError, unknownName } from "../std/errors.ts";
import { print } from "../std/main.ts";

/** `--help` of it. */
const HELP = `Usage: deno task bench compare BEFORE.json AFTER.json [--threshold PERCENT] [--json]

Compares two result files case by case. "Faster" and "slower" need a rank test at 1 %.

--threshold PERCENT  how much slower a case may be before it is a regression (default 5)
--json               one JSON document instead of Markdown

Exit code 0 = no regression, 1 = a regression, or a case that is no longer timed, 2 = bad usage or
input.`;

interface CompareOptions {
  readonly before: string;
  readonly after: string;
  /** As a share. */
  readonly threshold: number;
  readonly json: boolean;
}

/** Runs the command; `args` without the word "compare". */
export async function compareCommand(args: readonly string[]): Promise<void> {
  const options = parse(args);
  if (options === "help") return print(HELP);
  const { before, after, threshold, json } = options;
  const [earlier, later] = [await readRun(before), await readRun(after)];
  checkProtocols(options, earlier, later);
  const comparison = compareRuns(earlier, later, threshold);
  const names = { before, after };
  print(
    json
      ? JSON.stringify({ schemaVersion: 1, ...names, threshold, ...comparison }, undefined, 2)
      : comparisonPage(comparison, names, threshold).replace(/^(?:<!--.*-->\n)+\n/, "").trimEnd(),
  );
  if (comparison.rows.length === 0) {
    throw new InputError(`Cannot compare "${after}" with "${before}": they have no case in common`);
  }
  const bad = comparison.regressions.length + comparison.lost.length;
  if (bad > 0) {
    const ids = [...comparison.regressions, ...comparison.lost].map(({ id }) => id);
    throw new CheckError(`${bad} slower or no longer timed: ${ids.join("; ")}`);
  }
}

/** Figures of two protocols are different numbers, whatever the code does. */
function checkProtocols({ before, after }: CompareOptions, a: BenchResult, b: BenchResult): void {
  const [first, second] = [protocolName(a.context), protocolName(b.context)];
  if (first === second) return;
  throw new InputError(
    `Cannot compare "${after}" with "${before}": they were measured by the protocols "${second}" ` +
      `and "${first}", and one is needed`,
  );
}

function parse(args: readonly string[]): CompareOptions | "help" {
  const parsed = parseArgs(args, {
    string: ["threshold", "_"],
    boolean: ["json", "help"],
    unknown: (arg, key) => {
      if (key === undefined) return true;
      throw unknownName("option of bench compare", arg, ["--threshold", "--json", "--help"]);
    },
  });
  if (parsed["help"] === true) return "help";
  const files = parsed._.map(String);
  if (files.length !== 2) {
    throw new InputError(
      `Cannot compare: ${files.length} result files are named, and two are needed`,
    );
  }
  const percent = String(parsed["threshold"] ?? "5");
  if (!/^\d+(?:\.\d+)?$/.test(percent)) {
    throw new InputError(`Cannot use --threshold "${percent}": a number of percent is needed`);
  }
  const [before, after] = files as [string, string];
  return { before, after, threshold: Number(percent) / 100, json: parsed["json"] === true };
}

async function readRun(path: string): Promise<BenchResult> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`Cannot read bench result "${path}": ${detail}`, { cause });
  }
  return parseBenchResult(text, path);
}
