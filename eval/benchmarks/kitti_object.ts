import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import {
  DIFFICULTIES,
  kittiObject as metric,
  type KittiRule,
  type KittiState,
  r11,
  r40,
} from "../metrics/kitti_object.ts";
import { join, unreadable } from "./file_pairs.ts";
import { type KittiFile, readKittiFile } from "./kitti_files.ts";

/** By the value of `--rule`: the two official programs differ in these. */
const RULES: Readonly<Record<string, KittiRule & { readonly reference: string }>> = {
  native: {
    heightInclusive: true,
    needsSize: true,
    reference: "asharakeh/kitti_native_evaluation 17be9e1",
  },
  devkit: {
    heightInclusive: false,
    needsSize: false,
    reference: "prclibo/kitti_eval 955c04c evaluate_object_3d_offline",
  },
};
const FRAMES_PER_ITEM = 32;
/** Measured with the files in the page cache, one thread: reading and overlaps. */
const SECONDS_PER_FRAME = 8e-5;

/** Names of frames, in order: `000007`. */
type Item = readonly string[];

interface State {
  readonly kitti: KittiState;
  /** Frames, boxes that are scored, and lines without all columns, of labels and of results. */
  readonly counts: Float64Array;
}

/** KITTI objects: AP in the image, on the ground, in space, and of orientation. */
export const kittiObject: Benchmark<Item, State> = {
  summary: "KITTI object detection: 2D, AOS, BEV and 3D average precision, at 11 and 40 recalls",
  paths: {
    gt: "folder label_2 with NNNNNN.txt, 15 columns",
    pred: "folder of results with NNNNNN.txt, 16 columns; frames without a file are not scored",
  },
  options: {
    rule: {
      choices: Object.keys(RULES),
      fallback: "native",
      help: "boxes of exactly the least height: too small (native) or scored (devkit)",
    },
  },
  reference: ({ options }) => RULES[options["rule"]!]!.reference,
  metricVersion: () => metric.version,
  plan,
  scorer(request) {
    const kitti = metric.create(RULES[request.options["rule"]!]!);
    const state: State = { kitti, counts: new Float64Array(4) };
    return { state, score: (item) => item.forEach((name) => scoreFrame(request, name, state)) };
  },
  merge(_, into, from) {
    metric.merge(into.kitti, from.kitti);
    from.counts.forEach((count, i) => into.counts[i]! += count);
  },
  outcome,
};

function plan({ gt, pred }: Request): Plan<Item> {
  const labels = new Set(frameNames("--gt", gt));
  const results = frameNames("--pred", pred);
  if (results.length === 0) {
    throw new InputError(
      `Cannot score --pred "${pred}": it has no file NNNNNN.txt, and one a frame is needed`,
    );
  }
  const lacking = results.find((name) => !labels.has(name));
  if (lacking !== undefined) {
    throw new InputError(
      `Cannot score "${join(pred, `${lacking}.txt`)}": --gt "${gt}" has no "${lacking}.txt", and ` +
        `the labels of every frame with results are needed`,
    );
  }
  const items: string[][] = [];
  for (let i = 0; i < results.length; i += FRAMES_PER_ITEM) {
    items.push(results.slice(i, i + FRAMES_PER_ITEM));
  }
  const unscored = labels.size - results.length;
  return {
    items,
    estimatedSeconds: results.length * SECONDS_PER_FRAME,
    warnings: unscored === 0 ? [] : [
      `${unscored} of ${labels.size} frames with labels have no result file and took no part, as ` +
      `in the official programs`,
    ],
  };
}

/**
 * Frames of a folder, in order. Of other files the programs skip those with names of less than ten
 * characters and read a wrong number from the others, so these are refused.
 */
function frameNames(flag: string, folder: string): string[] {
  const names: string[] = [];
  for (const { name } of readFolder(flag, folder)) {
    const frame = /^(\d{6})\.txt$/.exec(name)?.[1];
    if (frame !== undefined) names.push(frame);
    else if (flag === "--pred" && name.length >= 10) {
      throw new InputError(
        `Cannot score --pred "${folder}": it has "${name}", and only files NNNNNN.txt are needed`,
      );
    }
  }
  return names.sort();
}

function readFolder(flag: string, folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`Cannot read the folder ${flag} "${folder}": ${reason}`, { cause });
  }
}

function scoreFrame({ gt, pred }: Request, name: string, { kitti, counts }: State): void {
  const truth = readFrame(join(gt, `${name}.txt`), false);
  const detections = readFrame(join(pred, `${name}.txt`), true);
  counts[0]! += 1;
  counts[1]! += truth.kinds.length + detections.kinds.length;
  counts[2]! += truth.dropped;
  counts[3]! += detections.dropped;
  metric.update(kitti, { index: Number(name), truth, detections });
}

function readFrame(path: string, scored: boolean): KittiFile {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  return readKittiFile(bytes, path, scored);
}

function outcome(_: Request, __: Plan<Item>, { kitti, counts }: State): Outcome {
  const metrics: Record<string, number> = {};
  const perClass: Record<string, Record<string, number>> = {};
  const add = (name: string, curves: readonly Float64Array[] | undefined) =>
    curves?.forEach((curve, level) => {
      const row = perClass[name] ??= {};
      for (const [suffix, score] of [["r11", r11(curve)], ["r40", r40(curve)]] as const) {
        const column = `${DIFFICULTIES[level]}_${suffix}`;
        row[column] = metrics[`${name}_${column}`] = score;
      }
    });
  for (const [name, scores] of Object.entries(metric.compute(kitti))) {
    add(name, scores.precision);
    add(name.replace("2d", "aos"), scores.orientation);
    add(`${name}_ahs`, scores.heading);
  }
  const [frames, boxes, labels, results] = counts as unknown as [number, number, number, number];
  return {
    inputs: { frames, boxes },
    metrics,
    perClass,
    warnings: [
      ...(Object.keys(metrics).length > 0 ? [] : ["No class is detected, so nothing is scored"]),
      ...dropped("label", labels),
      ...dropped("result", results),
    ],
    work: { count: boxes, unit: "boxes" },
  };
}

function dropped(what: string, lines: number): string[] {
  if (lines === 0) return [];
  return [
    `${lines} ${what} line${lines === 1 ? " has" : "s have"} columns that are missing or no ` +
    `numbers and took no part, as in the official programs`,
  ];
}
