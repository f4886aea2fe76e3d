/** The command line of `deno task bench`. */
import { parseArgs } from "@std/cli/parse-args";
import { InputError, unknownName } from "../std/errors.ts";
import { type BenchBackend, type Case, caseName, type Group, type Tier } from "./case.ts";

/** `--help`. */
export const HELP = `Usage: deno task bench [ID...] [options]

Times the kernels on a LiDAR scan, each variant after a check against the reference. Without an ID
it is a tour of under a minute; an ID runs all sizes of that operator, "all" everything.

ID                   a group or an operator of --list, or all
--backend cpu|cuda   where the kernels run (default cpu)
--dtype f32          element type of features and weights
--data PATH          scans made by "deno task data convert" (default: simulated ones)
--threads N          threads of the CPU kernels (default: one a core)
--quick              few sizes, few repetitions: under 15 s
--filter RE          only rows whose "op/variant/parameters" match
--list               what there is to run, and nothing else
--json               print one JSON document instead of tables
--out DIR            where bench.json, bench.md and its charts go (default reports/out)
--help               this text

Exit code 0 = done, 1 = a variant failed its check, 2 = bad usage or input.`;

/** What the command line asks for. */
export interface Options {
  readonly ids: readonly string[];
  readonly backend: BenchBackend;
  /** A path of scans; undefined for the simulated ones. */
  readonly data: string | undefined;
  /** 0 is one a core. */
  readonly threads: number;
  readonly quick: boolean;
  readonly filter: RegExp | undefined;
  readonly list: boolean;
  readonly json: boolean;
  readonly out: string;
  readonly help: boolean;
}

const TEXTS = ["backend", "dtype", "data", "threads", "filter", "out"] as const;
const SWITCHES = ["quick", "list", "json", "help"] as const;
const BACKENDS = ["cpu", "cuda"] as const;
/** Element types of the command line, and those that this build has. */
const DTYPES = ["f32", "tf32", "f16", "bf16"];
const BUILT_DTYPES = ["f32"];
/** More threads than the library opens. */
const MOST_THREADS = 1024;

/** Reads the command line; what it cannot mean is an InputError. */
export function parseOptions(args: readonly string[]): Options {
  const known = [...TEXTS, ...SWITCHES].map((name) => `--${name}`);
  const parsed = parseArgs(args, {
    string: [...TEXTS, "_"],
    boolean: SWITCHES,
    alias: { help: "h" },
    unknown: (arg, key) => {
      if (key === undefined) return true;
      throw unknownName("option of bench", arg, known);
    },
  });
  const text = (name: typeof TEXTS[number]): string | undefined => {
    const value = parsed[name];
    if (value === "") throw new InputError(`Cannot bench: --${name} needs a value`);
    return value === undefined ? undefined : String(value);
  };
  checkDtype(text("dtype") ?? "f32");
  return {
    ids: parsed._.map(String),
    backend: backendOf(text("backend") ?? "cpu"),
    data: text("data"),
    threads: threadsOf(text("threads")),
    quick: parsed["quick"] === true,
    filter: filterOf(text("filter")),
    list: parsed["list"] === true,
    json: parsed["json"] === true,
    out: text("out") ?? "reports/out",
    help: parsed["help"] === true,
  };
}

function backendOf(name: string): BenchBackend {
  const found = BACKENDS.find((backend) => backend === name);
  if (found === undefined) throw unknownName("backend", name, BACKENDS);
  return found;
}

function checkDtype(name: string): void {
  if (!DTYPES.includes(name)) throw unknownName("dtype", name, DTYPES);
  if (BUILT_DTYPES.includes(name)) return;
  throw new InputError(
    `Cannot bench in dtype "${name}": it is not available yet in this build, which has ` +
      BUILT_DTYPES.join(", "),
  );
}

function threadsOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MOST_THREADS) return count;
  throw new InputError(
    `Cannot bench with --threads "${text}": a whole number from 1 to ${MOST_THREADS} is needed`,
  );
}

function filterOf(text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined;
  try {
    return new RegExp(text);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`Cannot use --filter "${text}": ${detail}`, { cause });
  }
}

/** Tiers that a run takes in: an ID asks for all sizes, no ID for the tour. */
function tiersOf({ ids, quick }: Options): readonly Tier[] {
  if (quick) return ["quick"];
  return ids.length === 0 ? ["quick", "tour"] : ["quick", "tour", "full"];
}

/** The cases that the command line asks for, in the order of the list. */
export function selectCases(
  groups: Readonly<Record<string, Group>>,
  options: Options,
  variantsOf: (item: Case) => readonly string[],
): Case[] {
  const { ids, filter, quick } = options;
  const entries = Object.entries(groups);
  const ops = entries.flatMap(([, { cases }]) => cases.map(({ op }) => op));
  const known = [...new Set([...Object.keys(groups), ...ops]), "all"];
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown !== undefined) throw unknownName("case", unknown, known);
  const asked = (id: string, { op }: Case) =>
    ids.length === 0 || ids.includes("all") || ids.includes(id) || ids.includes(op);
  const tiers = tiersOf(options);
  const found = entries
    .flatMap(([id, { cases }]) => cases.filter((item) => asked(id, item)))
    .filter((item) => tiers.includes(item.tier) && variantsOf(item).length > 0);
  if (found.length > 0) return found;
  const how = [quick ? "--quick" : "", filter === undefined ? "" : `--filter "${filter.source}"`]
    .filter((part) => part !== "").join(" and ");
  throw new InputError(`Cannot bench: ${how || "the selection"} leaves no case; see --list`);
}

/** The groups and, indented, their cases, as `--list` prints them. */
export function listText(groups: Readonly<Record<string, Group>>): string {
  const width = Math.max(...Object.keys(groups).map((id) => id.length));
  const lines = Object.entries(groups).flatMap(([id, { about, cases }]) => [
    `${id.padEnd(width)}  ${about}`,
    ...cases.map(({ op, params, tier }) => `  ${caseName(op, params)}  [${tier}]`),
  ]);
  return [
    ...lines,
    "",
    '[quick] runs with --quick and in the tour, [tour] in the tour, all with their ID or "all".',
  ].join("\n");
}

/** The same as data, for `--list --json`. */
export function listData(groups: Readonly<Record<string, Group>>) {
  return Object.entries(groups).map(([id, { about, cases }]) => ({
    id,
    about,
    cases: cases.map(({ op, params, tier }) => ({ id: caseName(op, params), op, params, tier })),
  }));
}
