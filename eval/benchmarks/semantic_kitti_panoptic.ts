import { SEMANTIC_KITTI } from "../../datasets/published/semantic_kitti.ts";
import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import { countedPoints, LabelIdError, type LabelMap, labelMap } from "../metrics/label_counts.ts";
import { mean } from "../metrics/numpy.ts";
import {
  InstanceIdError,
  type PqResult,
  type PqState,
  semanticKittiPq,
} from "../metrics/semantic_kitti_pq.ts";
import { listed } from "./file_pairs.ts";
import { type FilePair, PairReader } from "./pair_reader.ts";
import { ID_LIMIT, idError, PATHS, planPairs, SPLIT, unmappedIds } from "./semantic_kitti_files.ts";

const { learningMap, trainNames } = SEMANTIC_KITTI;

/** The devkit's order, in which its means are summed. */
const THINGS = [
  "car",
  "truck",
  "bicycle",
  "motorcycle",
  "other-vehicle",
  "person",
  "bicyclist",
  "motorcyclist",
];
const STUFF = [
  "road",
  "sidewalk",
  "parking",
  "other-ground",
  "building",
  "vegetation",
  "trunk",
  "terrain",
  "fence",
  "pole",
  "traffic-sign",
];

/** Measured with the files in the page cache, one thread: reading and counting segments. */
const BYTES_PER_SECOND = 8e8;

/** Two files and their place in the split. */
interface Scan extends FilePair {
  readonly index: number;
}

/** SemanticKITTI, panoptic segmentation of single scans. */
export const semanticKittiPanoptic: Benchmark<Scan, PqState> = {
  summary: "SemanticKITTI panoptic segmentation: PQ, SQ, RQ, PQ dagger of 19 classes",
  paths: PATHS,
  options: { split: SPLIT },
  reference: () => semanticKittiPq.reference,
  metricVersion: () => semanticKittiPq.version,
  plan(request) {
    const { items, ...rest } = planPairs(request, BYTES_PER_SECOND, listed);
    return { items: items.map((pair, index) => ({ ...pair, index })), ...rest };
  },
  scorer() {
    const map = labelMap(learningMap, { classes: trainNames.length, limit: ID_LIMIT });
    const state = semanticKittiPq.create(map);
    const reader = new ScanReader();
    return { state, score: (scan) => scoreScan(scan, { reader, map, state }) };
  },
  merge: (_request, into, from) => semanticKittiPq.merge(into, from),
  outcome,
};

/** Reads both files of a scan whole, into two buffers that grow and are kept. */
class ScanReader {
  readonly #pairs = new PairReader();
  #truth = new Uint32Array(1 << 17);
  #predicted = new Uint32Array(1 << 17);

  /** Labels of the scan, [points] each: views of the buffers, good until the next call. */
  read(pair: FilePair): { truth: Uint32Array; predicted: Uint32Array } {
    let points = 0;
    this.#pairs.read(pair, (truth, predicted, first) => {
      points = first + truth.length;
      if (points > this.#truth.length) this.#grow(points);
      this.#truth.set(truth, first);
      this.#predicted.set(predicted, first);
    });
    return {
      truth: this.#truth.subarray(0, points),
      predicted: this.#predicted.subarray(0, points),
    };
  }

  #grow(points: number): void {
    const larger = (old: Uint32Array<ArrayBuffer>) => {
      const grown = new Uint32Array(2 * points);
      grown.set(old);
      return grown;
    };
    this.#truth = larger(this.#truth);
    this.#predicted = larger(this.#predicted);
  }
}

interface ScanWork {
  readonly reader: ScanReader;
  readonly map: LabelMap;
  readonly state: PqState;
}

function scoreScan(scan: Scan, { reader, map, state }: ScanWork): void {
  try {
    semanticKittiPq.update(state, { ...reader.read(scan), map, index: scan.index });
  } catch (error) {
    if (error instanceof LabelIdError) throw idError(error, scan, 0);
    if (!(error instanceof InstanceIdError)) throw error;
    throw new InputError(
      `Cannot score "${scan.gt}": label ${error.label} has instance id ${
        error.label >>> 16
      }, and ` +
        `instance ids below 32768 are needed`,
      { cause: error },
    );
  }
}

function outcome(_request: Request, { items }: Plan<Scan>, state: PqState): Outcome {
  const result = semanticKittiPq.compute(state);
  const points = countedPoints(state.labels);
  return {
    inputs: { files: items.length, points },
    metrics: meansOf(result),
    perClass: Object.fromEntries(
      trainNames.slice(1).map((name, i) => {
        const k = i + 1;
        return [name, {
          pq: result.pq[k]!,
          sq: result.sq[k]!,
          rq: result.rq[k]!,
          iou: result.iou[k]!,
          tp: result.hits[k]!,
          fp: result.falsePositives[k]!,
          fn: result.falseNegatives[k]!,
        }];
      }),
    ),
    warnings: unmappedIds(state.labels),
    work: { count: points, unit: "points" },
  };
}

function meansOf({ pq, sq, rq, iou, iouMean }: PqResult): Record<string, number> {
  const values = (scores: Float64Array, names: readonly string[]) =>
    names.map((name) => scores[trainNames.indexOf(name)]!);
  const average = (scores: Float64Array, names: readonly string[]) =>
    mean(Float64Array.from(values(scores, names)));
  const all = [...THINGS, ...STUFF];
  return {
    "pq_mean": average(pq, all),
    "pq_dagger": mean(Float64Array.from([...values(pq, THINGS), ...values(iou, STUFF)])),
    "sq_mean": average(sq, all),
    "rq_mean": average(rq, all),
    "iou_mean": iouMean,
    "pq_things": average(pq, THINGS),
    "sq_things": average(sq, THINGS),
    "rq_things": average(rq, THINGS),
    "pq_stuff": average(pq, STUFF),
    "sq_stuff": average(sq, STUFF),
    "rq_stuff": average(rq, STUFF),
  };
}
