/** The command line of `deno task bench`. */
import { parseArgs } from "@std/cli/parse-args";
import type { Feature } from "../ffi/mod.ts";
import { InputError, unknownName } from "../std/errors.ts";
import type { BenchBackend } from "./case.ts";
import { FEATURE_TYPES } from "./harness/dtype.ts";
import { OURS, type Protocol, protocolOf, PROTOCOLS } from "./harness/protocol.ts";
import { type PeerName, peerNames, PEERS } from "./peers/peer.ts";

/** `--help`. */
export const HELP = `Usage: deno task bench [ID...] [options]
       deno task bench compare BEFORE.json AFTER.json
       deno task bench tune [WORKLOAD...]

Times the kernels on a LiDAR scan, each variant after a check against the reference. Without an ID
it is a tour of under a minute; an ID runs all sizes of that operator or makes that table, "all"
runs everything.

ID                   a group, an operator or a table of --list, or all
--backend cpu|cuda   where the kernels run (default cpu)
--dtype TYPE         features and weights in f32 (default), bf16 or f16: convolutions only
--data PATH          scans made by "deno task data convert" (default: simulated ones)
--threads N          threads of the CPU kernels (default: one a core)
--quick              few sizes and repetitions: under 15 s; of a table, all its rows, its whole
                     networks on a sector of the scan
--protocol NAME      warm-ups, samples and the figure made of them as a paper has them:
                     ${Object.keys(PROTOCOLS).join(", ")} (default ${OURS.name})
--filter RE          only rows whose "op/variant/parameters" match
--engine NAME        only that variant or engine: tuned is what "bench tune" has found
--peers LIST         other engines beside ours: ${Object.keys(PEERS).join(",")}
                     (those of them that python3 can import; convolutions in f32)
--list               what there is to run, and nothing else
--json               print one JSON document instead of tables
--out DIR            where bench.json, bench.md and its charts go (default reports/out)
--help               this text

Exit code 0 = done, 1 = a variant failed its check, 2 = bad usage or input.`;

/** What the command line asks for. */
export interface Options {
  readonly ids: readonly string[];
  readonly backend: BenchBackend;
  readonly dtype: Feature;
  /** A path of scans; undefined for the simulated ones. */
  readonly data: string | undefined;
  /** 0 is one a core. */
  readonly threads: number;
  readonly quick: boolean;
  readonly protocol: Protocol;
  readonly filter: RegExp | undefined;
  /** The only variant that takes part. */
  readonly engine: string | undefined;
  readonly peers: readonly PeerName[];
  readonly list: boolean;
  readonly json: boolean;
  readonly out: string;
  readonly help: boolean;
}

const TEXTS = [
  "backend",
  "dtype",
  "data",
  "threads",
  "protocol",
  "filter",
  "engine",
  "peers",
  "out",
] as const;
const SWITCHES = ["quick", "list", "json", "help"] as const;
/** What `--backend` may be. */
export const BACKENDS = ["cpu", "cuda"] as const;
/** Element types that the command line knows and no kernel has yet. */
const LATER_DTYPES = ["tf32"];
/** Names that scripts use for tables, and their IDs. */
const OTHER_NAMES = new Map([["spvnas-model-zoo", "model-zoo"]]);

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
  const protocol = protocolOf(text("protocol") ?? OURS.name);
  if (parsed["quick"] === true && protocol.name !== OURS.name) {
    throw new InputError(
      `Cannot bench with --quick and --protocol ${protocol.name}: a protocol says how many samples ` +
        "it needs, and --quick takes fewer",
    );
  }
  return {
    ids: parsed._.map(String).map((id) => OTHER_NAMES.get(id) ?? id),
    backend: backendOf(text("backend") ?? "cpu"),
    dtype: dtypeOf(text("dtype") ?? "f32"),
    data: text("data"),
    threads: threadsOf(text("threads")),
    quick: parsed["quick"] === true,
    protocol,
    filter: filterOf(text("filter")),
    engine: text("engine"),
    peers: peersOf(text("peers")),
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

function dtypeOf(name: string): Feature {
  const found = FEATURE_TYPES.find((dtype) => dtype === name);
  if (found !== undefined) return found;
  const built = FEATURE_TYPES.join(", ");
  if (!LATER_DTYPES.includes(name)) throw unknownName("dtype", name, FEATURE_TYPES);
  throw new InputError(
    `Cannot bench in dtype "${name}": it is not available yet in this build, which has ${built}`,
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

function peersOf(list: string | undefined): PeerName[] {
  return list === undefined ? [] : peerNames(list);
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
