import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import { bevMapIou, type BevState, THRESHOLDS } from "../metrics/bev_map_iou.ts";
import { type NamedPair, pairByName } from "./name_pairs.ts";
import { NpyFile } from "./npy_file.ts";
import { sizeOf } from "./files.ts";

/** Classes of BEVFusion's configuration, in the order of the maps. */
const CLASSES = "drivable_area,ped_crossing,walkway,stop_line,carpark_area,divider";

/** A pair of files and its place among all. */
interface Maps extends NamedPair {
  readonly position: number;
}

/** Samples of one file come before those of the next, however many a file has. */
const SAMPLES_A_FILE = 2 ** 32;
/** Cells that are read and counted at a time. */
const CHUNK = 65536;
/** Measured on float32 scores in the page cache, one thread. */
const BYTES_PER_SECOND = 8e8;

/** BEVFusion's map segmentation: IoU of six classes over seven thresholds. */
export const bevMap: Benchmark<Maps, BevState> = {
  summary: "bird's-eye-view map segmentation: IoU of each class over thresholds (BEVFusion)",
  paths: {
    gt: "folder of .npy masks, (classes, height, width) or with a dimension of samples before",
    pred: "folder of .npy scores of the same names and shapes",
  },
  options: {
    classes: {
      value: "NAME,...",
      fallback: CLASSES,
      help: "names of the classes in the order of the maps",
      needed: (text) =>
        new Set(text.split(",")).size === text.split(",").length && !/(^|,)(,|$)/.test(text)
          ? undefined
          : "different names with commas between them",
    },
  },
  reference: () => bevMapIou.reference,
  metricVersion: () => bevMapIou.version,
  plan,
  scorer(request) {
    const state = bevMapIou.create(namesOf(request).length);
    const truth = new Float64Array(CHUNK);
    const predicted = new Float64Array(CHUNK);
    return { state, score: (maps) => score(state, maps, truth, predicted) };
  },
  merge: (_, into, from) => bevMapIou.merge(into, from),
  outcome,
};

function namesOf({ options }: Request): string[] {
  return options["classes"]!.split(",");
}

function plan(request: Request): Plan<Maps> {
  const { pairs, warnings } = pairByName(request, { endings: [".npy"], unpredicted: "error" });
  const bytes = pairs.reduce((sum, { gt, pred }) => sum + sizeOf(gt) + sizeOf(pred), 0);
  return {
    items: pairs.map((pair, position) => ({ ...pair, position })),
    estimatedSeconds: bytes / BYTES_PER_SECOND,
    warnings,
  };
}

function score(state: BevState, maps: Maps, truths: Float64Array, scores: Float64Array): void {
  using truth = new NpyFile(maps.gt);
  using predicted = new NpyFile(maps.pred);
  const samples = samplesOf(maps, truth.shape, predicted.shape, state.classes);
  // A header may name any number of samples without cells.
  if (truth.count === 0) return;
  const cells = truth.count / (samples * state.classes);
  for (let k = 0; k < samples * state.classes; k++) {
    const index = maps.position * SAMPLES_A_FILE + Math.floor(k / state.classes);
    for (let done = 0; done < cells; done += CHUNK) {
      const length = Math.min(CHUNK, cells - done);
      const sample = {
        index,
        classIndex: k % state.classes,
        truth: truths.subarray(0, length),
        predicted: scores.subarray(0, length),
      };
      truth.readNumbers(sample.truth);
      predicted.readNumbers(sample.predicted);
      bevMapIou.update(state, sample);
    }
  }
}

/** Samples of a pair of files, whose shapes must be the same but for a dimension of one sample. */
function samplesOf(
  { gt, pred }: Maps,
  truth: readonly number[],
  predicted: readonly number[],
  classes: number,
): number {
  const full = (shape: readonly number[]) => shape.length === 3 ? [1, ...shape] : shape;
  const [truthFull, predictedFull] = [full(truth), full(predicted)];
  const fits = truthFull.length === 4 && truthFull[1] === classes &&
    String(truthFull) === String(predictedFull);
  if (fits) return truthFull[0]!;
  throw new InputError(
    `Cannot score "${pred}" against "${gt}": its shape is (${
      predicted.join(", ")
    }) and the ground ` +
      `truth's (${truth.join(", ")}), and the same (samples, ${classes}, height, width) or ` +
      `(${classes}, height, width) is needed`,
  );
}

function outcome(request: Request, { items }: Plan<Maps>, state: BevState): Outcome {
  const { iou, max, mean } = bevMapIou.compute(state);
  const metrics: Record<string, number> = { "iou_max_mean": mean };
  const perClass: Record<string, Record<string, number>> = {};
  namesOf(request).forEach((name, k) => {
    metrics[`${name}/iou@max`] = max[k]!;
    perClass[name] = { "iou@max": max[k]! };
    iou[k]!.forEach((value, t) => {
      const threshold = `iou@${THRESHOLDS[t]!.toFixed(2)}`;
      metrics[`${name}/${threshold}`] = value;
      perClass[name]![threshold] = value;
    });
  });
  let cells = 0;
  for (const counts of state.samples.values()) cells += counts.reduce((a, b) => a + b, 0);
  return {
    inputs: { files: items.length, samples: state.samples.size, cells },
    metrics,
    perClass,
    warnings: [],
    work: { count: cells, unit: "cells" },
  };
}
