/** `deno task data`: data sets in, Arrow files out; and what is in those files. */
import { parseArgs } from "@std/cli/parse-args";
import { CheckError, InputError, unknownName } from "../std/errors.ts";
import { removePartFilesOnSignal } from "../std/files.ts";
import { print, printError, runMain } from "../std/main.ts";
import { Progress } from "../std/progress.ts";
import { convert, DEFAULT_SHARD, withFolder } from "./convert.ts";
import { describe, formatInfo } from "./info.ts";
import { drawScan } from "./draw.ts";
import { plural } from "./plural.ts";
import { RAW_TWINS, rawTwinNamed } from "./raw/registry.ts";
import { datasetNamed, DATASETS } from "./registry.ts";
import { CACHE, DEFAULT_SYNTH, writeSynth } from "./synth_file.ts";
import { verify } from "./verify.ts";

interface Command {
  readonly usage: string;
  /** Names of the positional arguments, all needed. */
  readonly positional: readonly string[];
  readonly texts: readonly string[];
  readonly switches: readonly string[];
  run(args: Arguments): Promise<void>;
}

interface Arguments {
  readonly positional: readonly string[];
  /** Options that were given with a value. */
  readonly texts: ReadonlyMap<string, string>;
  /** Switches that were given. */
  readonly switches: ReadonlySet<string>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  convert: {
    usage: `Usage: deno task data convert DATASET --src DIR --out DIR [options]

Converts a data set to Arrow files, one a sequence or split: OUT/DATASET-PART.arrow.

DATASET                 ${Object.keys(DATASETS).join(", ")}
--src DIR               the folder its archives were unpacked to
--out DIR               where the files go; made if absent
--sequences LIST        only these: 00,08 (semantickitti), training (kitti-object), a drive
                        (kitti-raw), scenes or a split (nuscenes), a file (waymo), 002 (pandaset),
                        scenes or val (scannet), Area_5 (s3dis), Chair-3 (partnet), val2017 (coco),
                        SOURCE:TARGET files (text-pairs), a split or folder (the others)
--velodyne NAME         the folder of scans: velodyne (default) or velodyne_reduced (kitti-object)
--version NAME          the release, such as v1.0-mini (nuscenes; default: the only one there)
--sweeps N              sweeps in a scan, this one and those before it (nuscenes, waymo; default 1)
--no-images             keep calibrations and leave the images out
--shard N               scans a file at most (default ${DEFAULT_SHARD})
--drop-invalid          leave points with a NaN or infinite value out, with their labels

A conversion that was interrupted goes on where it stopped when it is run again.`,
    positional: ["DATASET"],
    texts: ["src", "out", "sequences", "velodyne", "version", "sweeps", "shard"],
    switches: ["drop-invalid", "no-images"],
    run: runConvert,
  },
  synth: {
    usage: `Usage: deno task data synth [--scenes N] [--seed S] [--out DIR] [--format DATASET]

Simulates labelled LiDAR scenes: the same numbers for the same seed, on any machine.

--scenes N              how many (default ${DEFAULT_SYNTH.scenes})
--seed S                which (default ${DEFAULT_SYNTH.seed})
--out DIR               where the file goes (default: the project's .cache)
--format DATASET        the raw files of a data set instead, for "data convert DATASET" to read:
                        ${Object.keys(RAW_TWINS).join(", ")}`,
    positional: [],
    texts: ["scenes", "seed", "out", "format"],
    switches: [],
    run: runSynth,
  },
  info: {
    usage: `Usage: deno task data info PATH [--json] [--picture FILE] [--scan N]

Describes a scan file, or a folder of them: source, licence, points, extent, classes, density.

--json                  print one JSON document
--picture FILE          draw a scan from above, in the colours of its classes with its boxes: an
                        .svg with a legend, or a .png
--scan N                which scan to draw (default 0)`,
    positional: ["PATH"],
    texts: ["picture", "scan"],
    switches: ["json"],
    run: runInfo,
  },
  verify: {
    usage: `Usage: deno task data verify PATH [--json]

Checks every scan of a file or folder. Exit code 0 = all is well, 1 = problems were found (they
are listed), 2 = it cannot be read.

--json                  print one JSON document`,
    positional: ["PATH"],
    texts: [],
    switches: ["json"],
    run: runVerify,
  },
};

const USAGE = `Usage: deno task data COMMAND [options]

convert DATASET --src DIR --out DIR     a data set as published -> Arrow files
synth [--scenes N --seed S --out DIR]   simulated scenes -> an Arrow file
info PATH                               what is in a file or folder
verify PATH                             whether it is sound

"deno task data COMMAND --help" tells more.`;

if (import.meta.main) {
  await runMain(async () => {
    removePartFilesOnSignal();
    try {
      await main(Deno.args);
    } catch (error) {
      throw osErrorToInputError(error);
    }
  });
}

async function main(args: readonly string[]): Promise<void> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h") return print(USAGE);
  if (name === undefined) {
    throw new InputError(
      `No command given: one of ${Object.keys(COMMANDS).join(", ")} is needed; see --help`,
    );
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw unknownName("command", name, Object.keys(COMMANDS));
  if (rest.includes("--help") || rest.includes("-h")) return print(command.usage);
  await command.run(parse(name, command, rest));
}

function parse(name: string, command: Command, args: readonly string[]): Arguments {
  const known = [...command.texts, ...command.switches];
  const parsed = parseArgs(args, {
    string: [...command.texts, "_"],
    boolean: command.switches,
    unknown: (arg, key) => {
      if (key === undefined) return true;
      throw unknownName(`option of data ${name}`, arg, [...known.map((k) => `--${k}`), "--help"]);
    },
  });
  const positional = parsed._.map(String);
  const { length } = command.positional;
  if (positional.length !== length) {
    const needed = length === 0 ? "none is" : `${command.positional.join(" ")} is`;
    throw new InputError(
      `Cannot run data ${name}: ${plural(positional.length, "argument")} given ` +
        `(${positional.join(" ")}), and ${needed} needed; see --help`,
    );
  }
  const texts = new Map<string, string>();
  for (const option of command.texts) {
    const value = parsed[option];
    if (value === undefined) continue;
    if (value === "") throw new InputError(`Cannot run data ${name}: --${option} needs a value`);
    texts.set(option, String(value));
  }
  return {
    positional,
    texts,
    switches: new Set(command.switches.filter((option) => parsed[option] === true)),
  };
}

function needed(texts: ReadonlyMap<string, string>, option: string): string {
  const value = texts.get(option);
  if (value === undefined) {
    throw new InputError(`Cannot convert: --${option} DIR is missing; see --help`);
  }
  return value;
}

async function runConvert({ positional, texts, switches }: Arguments): Promise<void> {
  const dataset = datasetNamed(positional[0]!);
  const sequences = texts.get("sequences")?.split(",").map((text) => text.trim());
  const velodyne = texts.get("velodyne");
  const version = texts.get("version");
  const sweeps = texts.has("sweeps") && wholeNumber("convert", texts, "sweeps", 1, 1);
  const dropInvalid = switches.has("drop-invalid");
  const { paths, scans, resumed, droppedPoints } = await convert(
    dataset,
    needed(texts, "src"),
    needed(texts, "out"),
    {
      dropInvalid,
      ...(sequences && { sequences }),
      ...(velodyne !== undefined && { velodyne }),
      ...(version !== undefined && { version }),
      ...(sweeps !== false && { sweeps }),
      ...(switches.has("no-images") && { images: false }),
      shardScans: wholeNumber("convert", texts, "shard", DEFAULT_SHARD, 1),
      warn: (text) => printError(`warning: ${text}`),
    },
  );
  for (const path of paths) print(path);
  const verb = droppedPoints === 1 ? "is" : "are";
  const dropped = dropInvalid
    ? `; dropped ${plural(droppedPoints, "point")} that ${verb} not finite`
    : "";
  const kept = resumed > 0 ? `; ${plural(resumed, "file")} kept from an earlier run` : "";
  print(`${plural(scans, "scan")} in ${plural(paths.length, "file")}${kept}${dropped}`);
}

async function runSynth({ texts }: Arguments): Promise<void> {
  const choice = {
    scenes: wholeNumber("synth", texts, "scenes", DEFAULT_SYNTH.scenes, 1),
    seed: wholeNumber("synth", texts, "seed", DEFAULT_SYNTH.seed, 0),
  };
  const format = texts.get("format");
  if (format === undefined) return print(await writeSynth(texts.get("out") ?? CACHE, choice));
  const twin = rawTwinNamed(format);
  const out = texts.get("out");
  if (out === undefined) throw new InputError("Cannot run data synth: --format needs --out DIR");
  using progress = new Progress(choice.scenes, `writing raw ${format}`, twin.unit);
  await withFolder(out, () => twin.write(out, choice.scenes, choice.seed, () => progress.tick()));
  print(`${out}: ${choice.scenes} ${twin.unit} of raw ${format}`);
}

function wholeNumber(
  command: string,
  texts: ReadonlyMap<string, string>,
  option: string,
  otherwise: number,
  least: number,
): number {
  const text = texts.get(option);
  if (text === undefined) return otherwise;
  const most = 2 ** 31 - 1;
  if (!/^\d+$/.test(text) || Number(text) < least || Number(text) > most) {
    throw new InputError(
      `Cannot run data ${command}: --${option} is "${text}", and a whole number from ${least} to ` +
        `${most} is needed`,
    );
  }
  return Number(text);
}

async function runInfo({ positional, texts, switches }: Arguments): Promise<void> {
  const picture = texts.get("picture");
  if (picture !== undefined) {
    await drawScan(positional[0]!, wholeNumber("info", texts, "scan", 0, 0), picture);
  }
  const info = await withProgress("reading", (tick) => describe(positional[0]!, tick));
  print(switches.has("json") ? JSON.stringify(info, undefined, 2) : formatInfo(info));
}

async function runVerify({ positional, switches }: Arguments): Promise<void> {
  const path = positional[0]!;
  const found = await withProgress("verifying", (tick) => verify(path, tick));
  const { files, scans, boxes, problems } = found;
  if (switches.has("json")) print(JSON.stringify(found, undefined, 2));
  else {
    for (const problem of problems) print(problem);
    const empty = boxes.empty > 0
      ? `; ${boxes.empty} of ${boxes.expected} boxes hold no point`
      : "";
    print(
      `${plural(scans, "scan")} in ${plural(files, "file")}: ` +
        `${plural(problems.length, "problem")}${empty}`,
    );
  }
  if (problems.length > 0) {
    throw new CheckError(
      `"${path}" is not sound: ${plural(problems.length, "problem")}, listed on stdout`,
    );
  }
}

type Tick = (done: number, total: number) => void;

/** Runs `work` with a progress line that starts when the total is known. */
async function withProgress<T>(label: string, work: (tick: Tick) => Promise<T>): Promise<T> {
  using stack = new DisposableStack();
  let progress: Progress | undefined;
  return await work((done, total) => {
    progress ??= stack.use(new Progress(total, label, "scans"));
    progress.tick(done);
  });
}

/** A folder where a file should be, or one that may not be read: the user's to mend, not a defect. */
function osErrorToInputError(error: unknown): unknown {
  if (error instanceof Error && /\(os error \d+\)/.test(error.message)) {
    return new InputError(error.message, { cause: error });
  }
  return error;
}
