import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import { JsonReader } from "../../std/json_reader.ts";
import { det3d as metric, type Det3dObjects, type Det3dState } from "../metrics/det3d.ts";
import { BOX, BOX_NUMBERS } from "../metrics/upright_boxes.ts";
import { sizeOf } from "./files.ts";

interface State {
  readonly det3d: Det3dState;
  /** Frames, and warnings of this run. */
  readonly notes: { frames: number; readonly warnings: string[] };
}

/** Nothing to share: one file holds all predictions. */
type Item = null;

/** 3D boxes of any data set, from plain JSON. */
export const det3d: Benchmark<Item, State> = {
  summary: "3D boxes of any classes: average precision at one overlap, from plain JSON",
  paths: {
    gt: 'JSON {"FRAME": [{"class": "car", "box": [x, y, z, length, width, height, heading]}]}',
    pred: 'the same with a "score" in each object',
  },
  options: {
    iou: {
      value: "T",
      fallback: "0.5",
      help: "least intersection over union of a hit",
      needed: (text) =>
        Number(text) > 0 && Number(text) <= 1 ? undefined : "a number above 0 and up to 1",
    },
    overlap: { choices: ["3d", "bev"], fallback: "3d", help: "of boxes, or on the ground" },
  },
  reference: () => metric.reference,
  metricVersion: () => metric.version,
  plan({ gt, pred }): Plan<Item> {
    for (const path of [gt, pred]) sizeOf(path);
    return { items: [null], estimatedSeconds: 0, warnings: [] };
  },
  scorer(request) {
    const { options } = request;
    const where = options["overlap"] as "3d" | "bev";
    const state: State = {
      det3d: metric.create({ overlap: Number(options["iou"]), where }),
      notes: { frames: 0, warnings: [] },
    };
    return { state, score: () => scoreAll(request, state) };
  },
  merge(_, into, from) {
    metric.merge(into.det3d, from.det3d);
    into.notes.frames += from.notes.frames;
    into.notes.warnings.push(...from.notes.warnings);
  },
  outcome,
};

const NOTHING: Det3dObjects = {
  boxes: new Float64Array(0),
  classes: [],
  scores: new Float64Array(0),
};

function scoreAll({ gt, pred }: Request, { det3d, notes }: State): void {
  const truths = new Map<string, Det3dObjects>();
  readFrames(gt, false, (frame, objects) => truths.set(frame, objects));
  notes.frames = truths.size;
  let rank = 0;
  readFrames(pred, true, (frame, predictions) => {
    const truth = truths.get(frame);
    if (truth === undefined) {
      throw new InputError(
        `Cannot score "${pred}": frame "${frame}" is not in the ground truth, and only its frames ` +
          `are needed`,
      );
    }
    truths.delete(frame);
    metric.update(det3d, { truth, predictions, rank });
    rank += predictions.classes.length;
  });
  for (const truth of truths.values()) {
    metric.update(det3d, { truth, predictions: NOTHING, rank });
  }
  if (truths.size > 0) {
    notes.warnings.push(`${truths.size} frames have no predictions: their objects count as missed`);
  }
}

/** Calls `visit` with each frame of a file. */
function readFrames(
  path: string,
  scored: boolean,
  visit: (frame: string, objects: Det3dObjects) => void,
): void {
  using json = JsonReader.open(path);
  const seen = new Set<string>();
  json.enterObject();
  for (let frame = json.key(); frame !== undefined; frame = json.key()) {
    if (seen.has(frame)) throw json.fail(`frame "${frame}" is there twice`);
    seen.add(frame);
    visit(frame, readObjects(json, scored));
  }
  json.end();
}

function readObjects(json: JsonReader, scored: boolean): Det3dObjects {
  const boxes: number[] = [];
  const classes: string[] = [];
  const scores: number[] = [];
  json.enterArray();
  while (json.element()) {
    const counts = [boxes.length, classes.length, scores.length];
    json.enterObject();
    for (let key = json.key(); key !== undefined; key = json.key()) {
      if (key === "class") classes.push(json.string());
      else if (key === "box") boxes.push(...sized(json, finite(json, json.numbers(BOX_NUMBERS))));
      else if (key === "score" && scored) scores.push(...finite(json, [json.number()]));
      else json.skip();
    }
    const [box, name, score] = [boxes.length, classes.length, scores.length]
      .map((length, i) => length - counts[i]!);
    if (box !== BOX_NUMBERS || name !== 1 || score !== (scored ? 1 : 0)) {
      const needed = scored ? '"class", "box" and "score"' : '"class" and "box"';
      throw json.fail(`the object that ends here has not ${needed} once each`);
    }
  }
  return { boxes: Float64Array.from(boxes), classes, scores: Float64Array.from(scores) };
}

function finite(json: JsonReader, values: number[]): number[] {
  for (const value of values) {
    if (!Number.isFinite(value)) throw json.fail(`found ${value}, and finite numbers are needed`);
  }
  return values;
}

function sized(json: JsonReader, box: number[]): number[] {
  const side = box.slice(BOX.length, BOX.heading).find((side) => side < 0);
  if (side !== undefined) {
    throw json.fail(`found a side of ${side}, and sides of 0 or more are needed`);
  }
  return box;
}

function outcome(_: Request, __: Plan<Item>, { det3d, notes }: State): Outcome {
  const metrics: Record<string, number> = { map: NaN };
  const perClass: Record<string, Record<string, number>> = {};
  let [sum, known, boxes] = [0, 0, 0];
  for (const [name, { ap, recall, truths, predictions }] of metric.compute(det3d)) {
    perClass[name] = { ap, recall, truths, predictions };
    metrics[`ap_${name}`] = ap;
    metrics[`recall_${name}`] = recall;
    boxes += truths + predictions;
    if (truths === 0) continue;
    sum += ap;
    known++;
  }
  metrics["map"] = sum / known;
  return {
    inputs: { frames: notes.frames, boxes },
    metrics,
    perClass,
    warnings: notes.warnings,
    work: { count: boxes, unit: "boxes" },
  };
}
