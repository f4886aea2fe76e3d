import { SCANNET_INSTANCE_CLASSES } from "../../datasets/published/scannet.ts";
import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import {
  type InstanceResult,
  type InstanceState,
  MIN_VERTICES,
  OVERLAPS,
  type PredictedInstance,
  scannetInstanceAp,
  type TrueInstance,
} from "../metrics/scannet_instance_ap.ts";
import { IntegerLines, type NonZeroLines } from "./integer_lines.ts";
import { type MaskLine, readMaskList } from "./scannet_masks.ts";
import { entriesOf, join, sizeOf } from "./files.ts";

/** Measured: a line of a mask, read and counted by one thread. */
const SECONDS_PER_BYTE = 2.5e-9;
/** Masks of a scene, for the estimate. */
const MASKS_A_SCENE = 28;
/** A label is the class id * 1000 + the number of the instance. */
const INSTANCES = 1000;

/** A scene's two files. */
interface Scene {
  readonly index: number;
  readonly gt: string;
  readonly list: string;
  readonly root: string;
}

interface State {
  readonly instances: InstanceState;
  vertices: number;
  masks: number;
}

const classIds = SCANNET_INSTANCE_CLASSES.map(({ id }) => id);

/** ScanNet, 3D semantic instances. */
export const scannetInstance: Benchmark<Scene, State> = {
  summary: "ScanNet 3D instances: AP, AP50 and AP25 of 18 classes",
  paths: {
    gt: "folder of SCENE.txt, class id * 1000 + instance of a vertex a line",
    pred: "folder of SCENE.txt, lines MASKFILE CLASS CONFIDENCE, with the mask files below it",
  },
  options: {},
  reference: () => scannetInstanceAp.reference,
  metricVersion: () => scannetInstanceAp.version,
  plan,
  scorer() {
    const state: State = {
      instances: scannetInstanceAp.create(classIds.length),
      vertices: 0,
      masks: 0,
    };
    const readers = { truth: new IntegerLines(), mask: new IntegerLines() };
    return { state, score: (scene) => scoreScene(scene, readers, state) };
  },
  merge(_request, into, from) {
    scannetInstanceAp.merge(into.instances, from.instances);
    into.vertices += from.vertices;
    into.masks += from.masks;
  },
  outcome,
};

function plan({ gt, pred }: Request): Plan<Scene> {
  const names = scenesIn(pred).filter((name) => name !== "semantic_instance_evaluation.txt");
  const known = scenesIn(gt);
  if (names.length === 0) {
    throw new InputError(`Cannot read --pred "${pred}": it has no .txt file, and one is needed`);
  }
  const stray = names.find((name) => !known.includes(name));
  if (stray !== undefined) {
    throw new InputError(
      `Cannot score "${join(pred, stray)}": --gt "${gt}" has no "${stray}", and it is needed`,
    );
  }
  const items = names.map((name, index) => ({
    index,
    gt: join(gt, name),
    list: join(pred, name),
    root: pred,
  }));
  const left = known.filter((name) => !names.includes(name));
  return {
    items,
    estimatedSeconds: items.length * sizeOf(items[0]!.gt) * MASKS_A_SCENE * SECONDS_PER_BYTE / 2,
    warnings: left.length === 0 ? [] : [
      `${left.length} scenes of --gt have no predictions and took no part, as in the devkit; the ` +
      `first is "${left[0]}"`,
    ],
  };
}

function scenesIn(folder: string): string[] {
  return entriesOf(folder)
    .filter(({ name, isDirectory }) => name.endsWith(".txt") && !isDirectory)
    .map(({ name }) => name)
    .sort();
}

interface Readers {
  readonly truth: IntegerLines;
  readonly mask: IntegerLines;
}

/** True instances of a scene and, by vertex, what masks meet. */
interface Truth {
  readonly instances: readonly TrueInstance[];
  /** By vertex: index of its instance, -1 where the label is not scored. */
  readonly owner: Int32Array;
}

function scoreScene(scene: Scene, readers: Readers, state: State): void {
  const truth = truthOf(readers.truth.read(scene.gt));
  const predictions: PredictedInstance[] = [];
  for (const line of readMaskList(scene.list, scene.root)) {
    const label = classIds.indexOf(line.classId);
    if (label < 0) continue;
    const prediction = predictionOf(
      readers.mask.readNonZero(line.path),
      { ...line, label },
      truth,
      scene,
    );
    if (prediction.vertices >= MIN_VERTICES) predictions.push(prediction);
    state.masks++;
  }
  state.vertices += truth.owner.length;
  scannetInstanceAp.update(state.instances, {
    index: scene.index,
    truth: truth.instances,
    predictions,
  });
}

function truthOf(ids: Float64Array): Truth {
  const counts = new Map<number, number>();
  for (let start = 0; start < ids.length;) {
    const id = ids[start]!;
    let end = start + 1;
    while (ids[end] === id) end++;
    counts.set(id, (counts.get(id) ?? 0) + end - start);
    start = end;
  }
  const scored = [...counts.keys()]
    .filter((id) => classIds.includes(Math.floor(id / INSTANCES)))
    .sort((a, b) => a - b);
  const instances = scored.map((id) => ({
    label: classIds.indexOf(Math.floor(id / INSTANCES)),
    vertices: counts.get(id)!,
  }));
  const indexOf = new Map(scored.map((id, i) => [id, i]));
  const owner = new Int32Array(ids.length);
  for (let v = 0; v < ids.length; v++) {
    owner[v] = v > 0 && ids[v] === ids[v - 1] ? owner[v - 1]! : indexOf.get(ids[v]!) ?? -1;
  }
  return { instances, owner };
}

function predictionOf(
  { count, lines }: NonZeroLines,
  { path, label, confidence }: MaskLine & { readonly label: number },
  { instances, owner }: Truth,
  { gt }: Scene,
): PredictedInstance {
  if (count !== owner.length) {
    throw new InputError(
      `Cannot score "${path}": it has ${count} lines and "${gt}" has ${owner.length}, and ` +
        `the same number is needed`,
    );
  }
  // The last bin takes the vertices whose label is not scored.
  const common = new Float64Array(instances.length + 1);
  const { length } = instances;
  for (const vertex of lines) {
    const i = owner[vertex]!;
    common[i < 0 ? length : i]!++;
  }
  return {
    label,
    confidence,
    mask: path,
    vertices: common.reduce((sum, count) => sum + count, 0),
    unlabelled: common[length]!,
    overlaps: instances.flatMap((instance, i) =>
      instance.label === label && common[i]! > 0 ? [[i, common[i]!] as const] : []
    ),
  };
}

function outcome(_request: Request, { items }: Plan<Scene>, state: State): Outcome {
  const result = scannetInstanceAp.compute(state.instances);
  const names = SCANNET_INSTANCE_CLASSES.map(({ name }) => name);
  const named = (prefix: string, scores: Float64Array) =>
    Object.fromEntries(names.map((name, k) => [`${prefix}_${name}`, scores[k]!]));
  return {
    inputs: { scenes: items.length, vertices: state.vertices, masks: state.masks },
    metrics: {
      "all_ap": result.allAp,
      "all_ap_50": result.allAp50,
      "all_ap_25": result.allAp25,
      ...named("ap", result.ap),
      ...named("ap_50", result.ap50),
      ...named("ap_25", result.ap25),
    },
    perClass: perClass(names, result),
    warnings: result.crashes.length === 0 ? [] : [
      `The devkit's script ends with an IndexError on class ` +
      `${result.crashes.map((k) => `"${names[k]}"`).join(", ")}: all its predictions are ignored ` +
      `at some overlap; AP is 0 there, as in the fixed script`,
    ],
    work: { count: state.vertices, unit: "vertices" },
  };
}

function perClass(names: readonly string[], result: InstanceResult): Outcome["perClass"] {
  return Object.fromEntries(names.map((name, k) => [name, {
    ap: result.ap[k]!,
    "ap_50": result.ap50[k]!,
    "ap_25": result.ap25[k]!,
    ...Object.fromEntries(
      OVERLAPS.slice(0, -1).map((overlap, o) => [
        `ap@${overlap.toFixed(2)}`,
        result.byOverlap[o]![k]!,
      ]),
    ),
  }]));
}
