import { parseArgs } from "@std/cli/parse-args";
import type { Backend, Feature } from "../../ffi/mod.ts";
import { DETECTORS } from "../../models/detection/registry.ts";
import { ZOO } from "../../models/registry.ts";
import { InputError, unknownName } from "../../std/errors.ts";

/** `deno task eval model NAME --data PATH ...` */
export interface ModelCommand {
  readonly name: string;
  readonly data: string;
  readonly weights: string | undefined;
  readonly config: string | undefined;
  readonly split: Split;
  readonly out: string | undefined;
  /** Ground truth of the benchmark, and KITTI's calibrations: of networks that find boxes. */
  readonly gt: string | undefined;
  readonly calib: string | undefined;
  /** Of nuScenes' ground truth. */
  readonly version: string | undefined;
  readonly json: boolean;
  readonly backend: Backend;
  readonly dtype: Feature;
  readonly engine: string | undefined;
  readonly threads: number;
}

export const SPLITS = ["train", "valid", "test", "all"] as const;
export type Split = typeof SPLITS[number];

const VALUES = [
  ...[
    "data",
    "weights",
    "config",
    "split",
    "out",
    "gt",
    "calib",
    "version",
    "backend",
    "dtype",
    "engine",
    "threads",
  ],
];
const SWITCHES = ["json", "help", "list"];

/** A command, or what to print instead. */
export type Parsed = { readonly kind: "run"; readonly command: ModelCommand } | {
  readonly kind: "help" | "list";
  readonly json: boolean;
};

/**
 * Reads what follows `eval model`.
 *
 * @throws {InputError} A flag is unknown, lacks its value or has a wrong one, or one is missing.
 */
export function parseModelCommand(args: readonly string[]): Parsed {
  const flags = parseArgs(args, {
    boolean: SWITCHES,
    string: [...VALUES, "_"],
    unknown: (arg, key) => {
      if (key === undefined) return;
      throw unknownName(
        "option",
        arg.split("=")[0]!,
        [...VALUES, ...SWITCHES].map((f) => `--${f}`),
      );
    },
  });
  const empty = VALUES.find((name) => flags[name] === "");
  if (empty !== undefined) {
    throw new InputError(`Cannot read --${empty}: it has no value, and one is needed`);
  }
  const text = (name: string) => flags[name] as string | undefined;
  const json = flags["json"] === true;
  if (flags["help"]) return { kind: "help", json };
  if (flags["list"]) return { kind: "list", json };
  const command: ModelCommand = {
    name: onlyName(flags._.map(String)),
    data: required(text("data")),
    weights: text("weights"),
    config: text("config"),
    split: oneOf("split", text("split") ?? "valid", SPLITS),
    out: text("out"),
    gt: text("gt"),
    calib: text("calib"),
    version: text("version"),
    json,
    backend: oneOf("backend", text("backend") ?? "cpu", ["cpu", "cuda"]),
    dtype: oneOf("dtype", text("dtype") ?? "f32", ["f32", "bf16", "f16"]),
    engine: text("engine"),
    threads: threadsOf(text("threads")),
  };
  return { kind: "run", command };
}

const NAMES = [...Object.keys(ZOO), ...Object.keys(DETECTORS)];

function onlyName(names: readonly string[]): string {
  const [name] = names;
  if (names.length === 1 && NAMES.includes(name!)) return name!;
  if (names.length === 1) throw unknownName("model", name!, NAMES);
  const found = names.length === 0 ? "no model is named" : `${names.length} are named (${names})`;
  throw new InputError(`Cannot run a model: ${found}, and one of ${NAMES.join(", ")}`);
}

function required(data: string | undefined): string {
  if (data !== undefined) return data;
  throw new InputError(
    "Cannot run a model: --data PATH is missing, and a file or folder of `deno task data convert` " +
      "is needed",
  );
}

function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found === undefined) throw unknownName(name, value, known);
  return found;
}

/** As many as `deno task bench` takes. */
const MOST_THREADS = 1024;

function threadsOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MOST_THREADS) return count;
  throw new InputError(
    `Cannot run with --threads "${text}": a whole number from 1 to ${MOST_THREADS} is needed`,
  );
}

/** The text of `eval model --help`. */
export function modelUsage(): string {
  return `deno task eval model NAME --data PATH [options]   run a network over a data set and score it
deno task eval model --list [--json]              the networks

  --data PATH      file or folder of \`deno task data convert\`
  --weights FILE   checkpoint: PyTorch (.pt, .pth, .pth.tar), .safetensors or .npz; without it the
                   weights are random, and so is the score
  --config FILE    net.config of an SPVNAS network
  --split S        train, valid, test or all (default valid); sequences of SemanticKITTI. Networks
                   that find boxes run on all scans of --data
  --out DIR        write predictions as DIR/sequences/SS/predictions/*.label, and the result; what
                   is there already from the same run is not computed again. Boxes are written as
                   DIR/data/*.txt (KITTI), results_nusc.json or predictions.bin (Waymo)
  --gt PATH        score boxes against it, as \`deno task eval\` of their data set takes it
  --calib DIR      KITTI's calibration files, which its result files need
  --version V      of nuScenes' ground truth (default v1.0-trainval, scored on val; one that ends
                   with "mini" is scored on mini_val)
  --backend B      cpu or cuda (default cpu; needs \`deno task build\`)
  --dtype T        f32, bf16 or f16 (default f32)
  --engine E       dataflow of the convolutions: a variant of sparse_conv, auto or tuned, or auto
  --threads N      threads of the cpu backend (default: all cores)
  --json           one JSON document on stdout

Exit code: 0 done, 2 bad usage or bad input.`;
}
