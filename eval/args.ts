import { parseArgs } from "@std/cli/parse-args";
import { InputError, unknownName } from "../std/errors.ts";
import type { AnyBenchmark, Option, Request } from "./benchmark.ts";
import { allBenchmarks, BENCHMARK_IDS, benchmarkOf } from "./registry.ts";

/** What a command line asks for. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "list"; readonly json: boolean }
  | ScoreCommand;

/** `deno task eval ID --gt PATH --pred PATH ...` */
export interface ScoreCommand {
  readonly kind: "score";
  readonly id: string;
  readonly request: Request;
  readonly json: boolean;
  /** Folder for the result files. */
  readonly out: string | undefined;
  readonly jobs: number;
}

const SWITCHES = ["json", "list", "help"] as const;
const VALUES = ["gt", "pred", "out", "jobs"] as const;

/**
 * Reads a command line.
 *
 * @throws {InputError} A flag is unknown, lacks its value or has a wrong one, or one is missing.
 */
export async function parseCommand(args: readonly string[]): Promise<Command> {
  const joined = withNegatives(args);
  // A first look: which benchmark is named says which options there are.
  const first = parseArgs(joined, { boolean: SWITCHES, string: [...VALUES, "_"] });
  const ids = first._.map(String);
  const overview = first["help"] === true || first["list"] === true;
  const benchmark = overview ? undefined : await benchmarkOf(onlyId(ids));
  const own = Object.keys(benchmark?.options ?? {});
  const values = [...VALUES, ...own];
  const stray: string[] = [];
  const flags = parseArgs(joined, {
    boolean: SWITCHES,
    string: [...values, "_"],
    unknown: (arg, key) => void (key === undefined || stray.push(arg.split("=")[0]!)),
  });
  if (stray.length > 0) throw await strayOption(stray[0]!, ids[0], [...values, ...SWITCHES]);
  for (const name of values) requireValue(name, flags[name]);
  const json = flags["json"] === true;
  if (benchmark === undefined) return flags["help"] ? { kind: "help" } : { kind: "list", json };
  return {
    kind: "score",
    id: ids[0]!,
    request: {
      gt: required("gt", flags["gt"]),
      pred: required("pred", flags["pred"]),
      options: optionValues(benchmark, flags),
    },
    json,
    out: flags["out"] as string | undefined,
    jobs: jobCount(flags["jobs"]),
  };
}

/** The error of an option that the benchmark does not have. */
async function strayOption(option: string, id: string | undefined, known: readonly string[]) {
  for (const [other, { options }] of id === undefined ? [] : await allBenchmarks()) {
    if (!Object.hasOwn(options, option.replace(/^--/, ""))) continue;
    return new InputError(`Cannot score "${id}": it has no option ${option}, "${other}" has`);
  }
  return unknownName("option", option, known.map((name) => `--${name}`));
}

/** `--ignore -1` as `--ignore=-1`: a number after an option is its value, not a flag. */
function withNegatives(args: readonly string[]): string[] {
  return args.flatMap((arg, i) => {
    if (/^-\d/.test(arg) && i > 0 && args[i - 1]!.startsWith("--")) return [];
    const next = args[i + 1];
    return arg.startsWith("--") && next !== undefined && /^-\d/.test(next)
      ? [`${arg}=${next}`]
      : [arg];
  });
}

function requireValue(name: string, value: unknown): void {
  if (value === "") {
    throw new InputError(`Cannot read --${name}: it has no value, and one is needed`);
  }
}

function onlyId(ids: readonly string[]): string {
  if (ids.length === 1) return ids[0]!;
  const found = ids.length === 0
    ? "no benchmark is named"
    : `${ids.length} are named (${ids.join(", ")})`;
  throw new InputError(
    `Cannot score: ${found}, and one of these is needed: ${BENCHMARK_IDS.join(", ")}`,
  );
}

function required(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new InputError(
    `Cannot score: --${name} PATH is missing, and both --gt and --pred are needed`,
  );
}

function optionValues(
  { options }: AnyBenchmark,
  flags: Readonly<Record<string, unknown>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => {
      return [name, optionValue(name, option, flags[name] ?? option.fallback)];
    }),
  );
}

function optionValue(name: string, option: Option, value: unknown): string {
  if (typeof value !== "string") {
    throw new InputError(`Cannot score: --${name} is missing, and ${option.help} is needed`);
  }
  if ("choices" in option) {
    if (!option.choices.includes(value)) throw unknownName(name, value, option.choices);
    return value;
  }
  const needed = option.needed(value);
  if (needed === undefined) return value;
  throw new InputError(`Cannot use --${name} "${value}": ${needed} is needed`);
}

function jobCount(value: unknown): number {
  if (value === undefined) return navigator.hardwareConcurrency;
  if (typeof value === "string" && /^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new InputError(`Cannot use --jobs "${value}": a whole number from 1 on is needed`);
}

/** The text of `--help`. */
export async function usage(): Promise<string> {
  const benchmarks = (await allBenchmarks()).map(([id, { summary, paths, options }]) =>
    [
      `  ${id}: ${summary}`,
      `    --gt    ${paths.gt}`,
      `    --pred  ${paths.pred}`,
      ...Object.entries(options).map(([name, option]) => {
        const value = "choices" in option ? option.choices.join("|") : option.value;
        const unset = option.fallback === undefined ? "required" : `default ${option.fallback}`;
        return `    --${name} ${value}  ${option.help} (${unset})`;
      }),
    ].join("\n")
  );
  return `deno task eval ID --gt PATH --pred PATH [options]   score predictions as the devkit does
deno task eval --list [--json]                      the benchmarks and what they equal

  --json      one JSON document on stdout instead of the tables
  --out DIR   also write ID.json and ID.md there
  --jobs N    threads at most (default: all cores); the scores do not depend on it

Benchmarks:
${benchmarks.join("\n")}

Exit code: 0 scored, 2 bad usage or bad input.`;
}
