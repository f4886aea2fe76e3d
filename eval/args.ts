import { parseArgs } from "@std/cli/parse-args";
import { InputError, unknownName } from "../std/errors.ts";
import type { AnyBenchmark, Option, Request } from "./benchmark.ts";
import { benchmarkOf, BENCHMARKS } from "./registry.ts";

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
export function parseCommand(args: readonly string[]): Command {
  const own = Object.values(BENCHMARKS).flatMap(({ options }) => Object.keys(options));
  const values = [...new Set([...VALUES, ...own])];
  const flags = parseArgs(withNegatives(args), {
    boolean: SWITCHES,
    string: [...values, "_"],
    unknown: (arg, key) => {
      if (key === undefined) return;
      throw unknownName(
        "option",
        arg.split("=")[0]!,
        [...values, ...SWITCHES].map((f) => `--${f}`),
      );
    },
  });
  for (const name of values) requireValue(name, flags[name]);
  if (flags["help"]) return { kind: "help" };
  const json = flags["json"] === true;
  if (flags["list"]) return { kind: "list", json };
  const id = onlyId(flags._.map(String));
  return {
    kind: "score",
    id,
    request: {
      gt: required("gt", flags["gt"]),
      pred: required("pred", flags["pred"]),
      options: optionValues(id, benchmarkOf(id), own, flags),
    },
    json,
    out: flags["out"] as string | undefined,
    jobs: jobCount(flags["jobs"]),
  };
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
  if (ids.length === 1) {
    benchmarkOf(ids[0]!);
    return ids[0]!;
  }
  const found = ids.length === 0
    ? "no benchmark is named"
    : `${ids.length} are named (${ids.join(", ")})`;
  throw new InputError(
    `Cannot score: ${found}, and one of these is needed: ${Object.keys(BENCHMARKS).join(", ")}`,
  );
}

function required(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new InputError(
    `Cannot score: --${name} PATH is missing, and both --gt and --pred are needed`,
  );
}

function optionValues(
  id: string,
  { options }: AnyBenchmark,
  known: readonly string[],
  flags: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const stray = known.find((name) => flags[name] !== undefined && !Object.hasOwn(options, name));
  if (stray !== undefined) {
    throw new InputError(`Cannot score "${id}": it has no option --${stray}`);
  }
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
export function usage(): string {
  const benchmarks = Object.entries(BENCHMARKS).map(([id, { summary, paths, options }]) =>
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
