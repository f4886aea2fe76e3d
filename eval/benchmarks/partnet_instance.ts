import { H5File } from "../../datasets/h5_file.ts";
import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import {
  type PartMasks,
  partnetInstanceAp as metric,
  type PartnetInstanceState,
} from "../metrics/partnet_instance_ap.ts";
import { readBytes, sizeOf } from "./files.ts";
import { type NamedPair, pairByName } from "./name_pairs.ts";

/** Measured: shapes of 10,000 points and 200 masks in compressed files, one thread. */
const BYTES_PER_SECOND = 1e6;
/** Labels are bytes. */
const MAX_PARTS = 256;
/** Bytes of the longest list of parts that is read. */
const MAX_LIST = 2 ** 20;

/** Names of the arrays. */
const TRUTH = { masks: "gt_mask", labels: "gt_mask_label", valid: "gt_mask_valid" } as const;
const PREDICTED = { masks: "mask", labels: "label", valid: "valid" } as const;

interface Item extends NamedPair {
  readonly index: number;
}

interface State {
  readonly instances: PartnetInstanceState;
  points: number;
}

/** PartNet instance segmentation: AP at one overlap, by part and by shape. */
export const partnetInstance: Benchmark<Item, State> = {
  summary: "PartNet instance segmentation: AP of parts at one overlap, and mean AP of shapes",
  paths: {
    gt: "a .h5 file with gt_mask, gt_mask_label, gt_mask_valid, gt_mask_other, or a folder of them",
    pred: "files of the same names with mask, label, valid, conf",
  },
  options: {
    iou: {
      value: "T",
      fallback: "0.5",
      help: "the intersection over union that a hit must exceed",
      needed: (text) =>
        /^0?\.\d+$|^0$/.test(text) ? undefined : "a number from 0 to below 1, e.g. 0.5",
    },
    parts: {
      value: "FILE",
      fallback: "auto",
      help: "the level's list, a line a part: number, name; without it parts are numbered from 0",
      needed: () => undefined,
    },
  },
  reference: () => metric.reference,
  metricVersion: () => metric.version,
  plan,
  scorer(request) {
    const parts = partNames(request)?.length ?? MAX_PARTS;
    const overlap = Number(request.options["iou"]);
    const state: State = { instances: metric.create({ parts, overlap }), points: 0 };
    return { state, score: (item) => scoreFile(item, state) };
  },
  merge(_request, into, from) {
    metric.merge(into.instances, from.instances);
    into.points += from.points;
  },
  outcome,
};

function plan(request: Request): Plan<Item> {
  const { pairs, warnings } = pairByName(request, { endings: [".h5"], unpredicted: "error" });
  const bytes = pairs.reduce((sum, { gt, pred }) => sum + sizeOf(gt) + sizeOf(pred), 0);
  return {
    items: pairs.map((pair, index) => ({ ...pair, index })),
    estimatedSeconds: bytes / BYTES_PER_SECOND,
    warnings,
  };
}

/** The names in the list of parts, or undefined where none is given. */
function partNames({ options }: Request): string[] | undefined {
  const path = options["parts"]!;
  if (path === "auto") return undefined;
  const lines = new TextDecoder().decode(readBytes(path, MAX_LIST)).trimEnd().split(/\r?\n/);
  const fail = (what: string) => new InputError(`Cannot read "${path}": ${what}`);
  const names = new Set<string>();
  for (const [i, line] of lines.entries()) {
    const name = line.trim().split(/\s+/)[1];
    const text = JSON.stringify(line.slice(0, 80));
    if (name === undefined) throw fail(`line ${i + 1} is ${text}, a number and a name are needed`);
    if (names.has(name)) throw fail(`line ${i + 1} is ${text}, whose name is there twice`);
    names.add(name);
  }
  if (names.size <= MAX_PARTS) return [...names];
  throw fail(`it has ${names.size} parts, and at most ${MAX_PARTS} are needed`);
}

async function scoreFile({ gt, pred, index }: Item, state: State): Promise<void> {
  using truth = await H5File.open(gt);
  using predicted = await H5File.open(pred);
  const sizes = sizesOf(truth, gt, TRUTH.masks);
  const found = sizesOf(predicted, pred, PREDICTED.masks);
  if (found.shapes !== sizes.shapes || found.points !== sizes.points) {
    throw new InputError(
      `Cannot score "${pred}": it has ${found.shapes} shapes of ${found.points} points and the ` +
        `ground truth has ${sizes.shapes} of ${sizes.points}, and the same numbers are needed`,
    );
  }
  const { parts } = state.instances;
  for (let row = 0; row < sizes.shapes; row++) {
    const trueRow = { file: truth, path: gt, row };
    const foundRow = { file: predicted, path: pred, row };
    const confidences = Float32Array.from(await numbersOf(foundRow, "conf", [found.masks]));
    metric.update(state.instances, {
      file: index,
      row,
      truth: await masksOf(trueRow, TRUTH, sizes, parts),
      predicted: { ...await masksOf(foundRow, PREDICTED, found, parts), confidences },
      other: await numbersOf(trueRow, "gt_mask_other", [sizes.points]),
    });
    state.points += sizes.points;
  }
}

interface Sizes {
  readonly shapes: number;
  readonly masks: number;
  readonly points: number;
}

function sizesOf(file: H5File, path: string, name: string): Sizes {
  const shape = file.shape(name) ?? [];
  const [shapes, masks, points] = shape;
  if (shapes !== undefined && masks !== undefined && points !== undefined && shape.length === 3) {
    return { shapes, masks, points };
  }
  throw new InputError(
    `Cannot score "${path}": "${name}" has the shape (${shape.join(", ")}), and (shapes, masks, ` +
      `points) is needed`,
  );
}

/** A shape in one of the two files. */
interface Row {
  readonly file: H5File;
  readonly path: string;
  readonly row: number;
}

/** The masks of a shape. */
async function masksOf(
  at: Row,
  names: typeof TRUTH | typeof PREDICTED,
  { masks, points }: Sizes,
  parts: number,
): Promise<PartMasks> {
  const labels = await numbersOf(at, names.labels, [masks]);
  const valid = await numbersOf(at, names.valid, [masks]);
  const known = (label: number) => Number.isInteger(label) && label >= 0 && label < parts;
  for (let k = 0; k < masks; k++) {
    if (valid[k] === 0 || known(labels[k]!)) continue;
    throw new InputError(
      `Cannot score "${at.path}": mask ${k} of shape ${at.row} has label ${
        labels[k]
      }, and labels ` +
        `0 to ${parts - 1} are needed`,
    );
  }
  return { masks: await numbersOf(at, names.masks, [masks, points]), labels, valid };
}

/** A row of an array, which has the rest of its shape. */
async function numbersOf(
  { file, path, row }: Row,
  name: string,
  rest: readonly number[],
): Promise<ArrayLike<number>> {
  const shape = file.shape(name) ?? [];
  const fits = shape.length === 1 + rest.length && row < shape[0]! &&
    rest.every((length, d) => shape[d + 1] === length);
  if (fits) {
    const { data } = await file.read(name, row, row + 1);
    return data instanceof BigInt64Array ? Float64Array.from(data, Number) : data;
  }
  throw new InputError(
    `Cannot score "${path}": "${name}" has the shape (${shape.join(", ")}), and (shapes, ` +
      `${rest.join(", ")}) is needed`,
  );
}

function outcome(request: Request, { items }: Plan<Item>, state: State): Outcome {
  const { map, shapeMap, ap, truths, predictions } = metric.compute(state.instances);
  const listed = partNames(request);
  const perClass: Record<string, Record<string, number>> = {};
  const metrics: Record<string, number> = { map, "shape_map": shapeMap };
  ap.forEach((value, k) => {
    if (listed === undefined && truths[k] === 0 && predictions[k] === 0) return;
    const name = listed?.[k] ?? String(k);
    const score = truths[k] === 0 ? NaN : value;
    metrics[`ap_${name}`] = score;
    perClass[name] = { ap: score, truths: truths[k]!, predictions: predictions[k]! };
  });
  return {
    inputs: { files: items.length, shapes: state.instances.shapes.length, points: state.points },
    metrics,
    perClass,
    warnings: [],
    work: { count: state.points, unit: "points" },
  };
}
