import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import { BOX_NUMBERS } from "../metrics/upright_boxes.ts";
import {
  WAYMO_LEVELS,
  WAYMO_SHARDS,
  waymoDetection as metric,
  type WaymoFrame,
  type WaymoObjects,
  type WaymoState,
} from "../metrics/waymo_detection.ts";
import { type FrameKey, noObjects, type ObjectFile, readObjects } from "./waymo_files.ts";

/** Objects of a frame that can be matched; n of them cost n cubed at every score. */
const MOST_OBJECTS = 1500;
const FRAMES_PER_ITEM = 8;
/** Measured: 70 predictions and 40 boxes a frame. */
const SECONDS_PER_FRAME = 1e-3;

type Item = readonly WaymoFrame[];

/** Waymo 3D detection: mAP and mAPH by type and range, at both levels. */
export const waymoDetection: Benchmark<Item, WaymoState> = {
  summary: "Waymo 3D detection: mAP and mAPH by object type and range, LEVEL_1 and LEVEL_2",
  paths: {
    gt: "ground_truths.bin: a serialized waymo.open_dataset.Objects",
    pred: "predictions.bin: a serialized waymo.open_dataset.Objects",
  },
  options: {},
  reference: () => metric.reference,
  metricVersion: () => metric.version,
  plan,
  scorer() {
    const state = metric.create();
    return { state, score: (item) => item.forEach((frame) => metric.update(state, frame)) };
  },
  merge: (_, into, from) => metric.merge(into, from),
  outcome,
};

function plan({ gt, pred }: Request): Plan<Item> {
  const keys = new Map<string, FrameKey>();
  const predictions = byFrame(readObjects(pred, false, keys));
  const truth = byFrame(readObjects(gt, true, keys));
  if (truth.size === 0) {
    throw new InputError(
      `Cannot score --gt "${gt}": it has no object with LiDAR points, and at least one is needed`,
    );
  }
  const order = [...keys].sort(([, a], [, b]) => compare(a, b)).map(([key]) => key);
  const frames = order.map((key, index): WaymoFrame => ({
    index,
    truth: truth.get(key) ?? NOTHING,
    predictions: predictions.get(key) ?? NOTHING,
  }));
  frames.forEach((frame, i) => checkSize(frame, order[i]!));
  const items: WaymoFrame[][] = [];
  for (let i = 0; i < frames.length; i += FRAMES_PER_ITEM) {
    items.push(frames.slice(i, i + FRAMES_PER_ITEM));
  }
  return {
    items,
    estimatedSeconds: frames.length * SECONDS_PER_FRAME,
    warnings: predictions.size > 0 ? [] : [`--pred "${pred}" has no object`],
  };
}

/** As the tool's map sorts them: by the bytes of the context, then by time. */
function compare(a: FrameKey, b: FrameKey): number {
  if (a.context !== b.context) return a.context < b.context ? -1 : 1;
  return a.time < b.time ? -1 : a.time > b.time ? 1 : 0;
}

function checkSize({ truth, predictions }: WaymoFrame, key: string): void {
  const count = Math.max(truth.types.length, predictions.types.length);
  if (count <= MOST_OBJECTS) return;
  throw new InputError(
    `Cannot score frame "${key}": it has ${count} objects, and at most ${MOST_OBJECTS} can be matched`,
  );
}

const NOTHING = objectsOf(noObjects(), []);

function byFrame(file: ObjectFile): Map<string, WaymoObjects> {
  const indices = Map.groupBy(file.frames.keys(), (i) => file.frames[i]!);
  return new Map([...indices].map(([key, list]) => [key, objectsOf(file, list)]));
}

function objectsOf(file: ObjectFile, indices: readonly number[]): WaymoObjects {
  const boxes = new Float64Array(indices.length * BOX_NUMBERS);
  indices.forEach((index, i) => {
    for (let k = 0; k < BOX_NUMBERS; k++) {
      boxes[i * BOX_NUMBERS + k] = file.boxes[index * BOX_NUMBERS + k]!;
    }
  });
  return {
    boxes,
    types: Uint8Array.from(indices, (index) => file.types[index]!),
    scores: Float32Array.from(indices, (index) => file.scores[index]!),
    unlabelled: Uint8Array.from(indices, (index) => file.unlabelled[index]!),
    levels: Uint8Array.from(indices, (index) => file.levels[index]!),
  };
}

function outcome(_: Request, { items }: Plan<Item>, state: WaymoState): Outcome {
  const metrics: Record<string, number> = {};
  const perClass: Record<string, Record<string, number>> = {};
  metric.compute(state).forEach((levels, shard) => {
    const name = WAYMO_SHARDS[shard]!;
    const row: Record<string, number> = perClass[name] = {};
    levels.forEach(({ map, maph }, level) => {
      for (const [suffix, score] of [["mAP", map], ["mAPH", maph]] as const) {
        const column = `${WAYMO_LEVELS[level]}_${suffix}`;
        row[column] = metrics[`${name}_${column}`] = score;
      }
    });
  });
  const frames = items.flat();
  const predictions = frames.reduce((sum, frame) => sum + frame.predictions.types.length, 0);
  const truths = frames.reduce((sum, frame) => sum + frame.truth.types.length, 0);
  return {
    inputs: { frames: frames.length, predictions, truths },
    metrics,
    perClass,
    warnings: [],
    work: { count: predictions + truths, unit: "boxes" },
  };
}
