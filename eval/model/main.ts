/** `deno task eval model`: a network of the zoo over a data set, predicted and scored. */
import { openScans, type ScanSource } from "../../datasets/arrow_scans.ts";
import { SEMANTIC_KITTI } from "../../datasets/published/semantic_kitti.ts";
import { Context } from "../../ffi/mod.ts";
import { DETECTORS } from "../../models/detection/registry.ts";
import { Model } from "../../models/model.ts";
import { ZOO, type ZooModel, zooModel } from "../../models/registry.ts";
import { Segmenter, SegmenterInput } from "../../models/segmenter.ts";
import type { EnginePlan } from "../../models/dataflow.ts";
import { Scene } from "../../models/scene.ts";
import { defaultCandidates, tune } from "../../models/tune.ts";
import { TunedPlans } from "../../models/tuned_store.ts";
import type { Weights } from "../../models/weights.ts";
import type { Network } from "../../models/network.ts";
import { InputError } from "../../std/errors.ts";
import { removePartFilesOnSignal, writeTextAtomic } from "../../std/files.ts";
import { print, printError } from "../../std/main.ts";
import { Progress } from "../../std/progress.ts";
import { toJson, toMarkdown, toText } from "../render.ts";
import { type ModelCommand, modelUsage, parseModelCommand } from "./args.ts";
import { detect } from "./detect.ts";
import { Predictions, RAW_IDS, scanName } from "./predictions.ts";
import { RunningScore } from "./score.ts";
import { manifestOf, RANDOM, weightsOf } from "./setup.ts";

/** Runs what follows `eval model` on a command line. */
export async function modelMain(args: readonly string[]): Promise<void> {
  const parsed = parseModelCommand(args);
  if (parsed.kind === "run") {
    const { command } = parsed;
    await (Object.hasOwn(DETECTORS, command.name) ? detect : run)(command);
  } else print(parsed.kind === "help" ? modelUsage() : listText(parsed.json));
}

function listText(json: boolean): string {
  const models = Object.entries({ ...ZOO, ...DETECTORS }).map(([name, { about }]) => ({
    name,
    about,
  }));
  if (json) return JSON.stringify({ schemaVersion: 1, models }, null, 2);
  const width = Math.max(...models.map(({ name }) => name.length));
  return models.map(({ name, about }) => `${name.padEnd(width)}  ${about}`).join("\n");
}

async function run(command: ModelCommand): Promise<void> {
  for (const option of ["gt", "calib", "version"] as const) {
    if (command[option] === undefined) continue;
    throw new InputError(
      `Cannot use --${option}: ${command.name} labels points, and finds no boxes`,
    );
  }
  const zoo = zooModel(command.name);
  checkDataset(command, zoo);
  using source = await openScans(command.data);
  const scans = await scansOf(source, command);
  const network = zoo.build(await readConfig(command, zoo), command.config);
  const weights = await weightsOf(command, network);
  using ctx = new Context(command.backend, { threads: command.threads });
  const engine = await engineOf(command, zoo, { ctx, network, weights, source, first: scans[0]! });
  const options = { dtype: command.dtype, sparseBelow: WEIGHT_SPARSE_BELOW, engine };
  using model = new Model(ctx, network, weights, options);
  const predictions = command.out === undefined
    ? undefined
    : await Predictions.open(command.out, await manifestOf(command));
  removePartFilesOnSignal();
  const score = new RunningScore();
  const segmenter = new Segmenter(model, zoo);
  const start = performance.now();
  const done = await predictAll(source, scans, segmenter, predictions, score);
  const seconds = (performance.now() - start) / 1e3;
  await report(command, score);
  const each = done.computed === 0
    ? "all predicted before"
    : `${(segmenter.macs / done.computed / 1e9).toFixed(1)} GMACs a scan`;
  printError(
    `${scans.length} scans, ${done.points.toLocaleString("en")} points in ${seconds.toFixed(2)} ` +
      `s; ${each}; ${(model.peakBytes / 1e6).toFixed(0)} MB of buffers`,
  );
}

/** What the dataflows are tuned with. */
interface Tuning {
  readonly ctx: Context;
  readonly network: Network;
  readonly weights: Weights;
  readonly source: ScanSource;
  /** The scan that they are timed on. */
  readonly first: number;
}

/** The dataflow that is asked for: "auto" times all of them on the first scan, "tuned" reads them. */
async function engineOf(
  { engine, dtype }: ModelCommand,
  zoo: ZooModel,
  { ctx, network, weights, source, first }: Tuning,
): Promise<string | EnginePlan> {
  if (engine === undefined) return new Map();
  if (engine !== "auto" && engine !== "tuned") return engine;
  const { id, points } = await source.scan(first);
  using scan = SegmenterInput.of(ctx, points, `scan "${id}"`, zoo.positions, dtype);
  if (engine === "tuned") {
    const plans = TunedPlans.open(ctx);
    using scene = new Scene(ctx, scan.scene);
    return plans.planFor(network, scene, dtype);
  }
  const input = { network, weights, scan: scan.scene, feats: [scan.feats], options: { dtype } };
  return tune(ctx, input, defaultCandidates(ctx.backend)).plan;
}

/** Pruned checkpoints run on the kernels that skip zeros; fuller layers are faster on the others. */
const WEIGHT_SPARSE_BELOW = 0.1;

function checkDataset({ name }: ModelCommand, { dataset }: ZooModel): void {
  if (dataset === "semantickitti") return;
  throw new InputError(
    `Cannot score ${name}: it predicts the classes of ${dataset}, and only predictions of ` +
      `semantickitti are written and scored so far`,
  );
}

async function readConfig({ name, config }: ModelCommand, { configured }: ZooModel) {
  if (config === undefined) {
    if (!configured) return undefined;
    throw new InputError(`Cannot build ${name}: --config FILE (the authors' net.config) is needed`);
  }
  if (!configured) throw new InputError(`Cannot use --config: ${name} has none`);
  try {
    return JSON.parse(await Deno.readTextFile(config));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`Cannot read --config "${config}": ${reason}`, { cause });
  }
}

/** Indices of the scans of a split: by sequence, for data sets whose scans are named so. */
async function scansOf(source: ScanSource, { split, data }: ModelCommand): Promise<number[]> {
  const sequences = await sequencesOf(source, 0, source.length - 1);
  if (split === "all") return [...sequences.keys()];
  const wanted = SEMANTIC_KITTI.splits[split];
  const found = [...sequences.keys()].filter((i) => wanted.includes(sequences[i]!));
  if (found.length > 0) return found;
  throw new InputError(
    `Cannot run on split "${split}" of "${data}": it has the sequences ` +
      `${[...new Set(sequences)].join(", ")}, and one of ${wanted.join(", ")} is needed ` +
      "(--split all)",
  );
}

/**
 * The sequence of every scan from `first` to `last`. Scans of a sequence lie together, so a range
 * that begins and ends in one is not read in between: a whole split is found in a few reads.
 */
async function sequencesOf(source: ScanSource, first: number, last: number): Promise<string[]> {
  if (last < first) return [];
  const at = async (index: number) => scanName((await source.scan(index)).id)[0];
  const [begin, end] = [await at(first), await at(last)];
  if (begin === end) return Array.from({ length: last - first + 1 }, () => begin);
  const middle = (first + last) >> 1;
  return [
    ...await sequencesOf(source, first, middle),
    ...await sequencesOf(source, middle + 1, last),
  ];
}

async function predictAll(
  source: ScanSource,
  scans: readonly number[],
  segmenter: Segmenter,
  predictions: Predictions | undefined,
  score: RunningScore,
): Promise<{ points: number; computed: number }> {
  using bar = new Progress(scans.length, "predict", "scans");
  const done = { points: 0, computed: 0 };
  for (const index of scans) {
    const { id, points, semantic } = await source.scan(index);
    const count = points.length / 4;
    let labels = await predictions?.read(id, count);
    if (labels === undefined) {
      const classes = segmenter.predict(points, `scan "${id}"`);
      labels = Uint32Array.from(classes, (k) => RAW_IDS[k]!);
      await predictions?.write(id, labels);
      done.computed++;
    }
    if (semantic !== undefined) score.add(semantic, labels);
    done.points += count;
    bar.tick();
  }
  return done;
}

async function report(command: ModelCommand, score: RunningScore): Promise<void> {
  const { name, data, split, dtype, weights, out, json } = command;
  const warnings = weights === undefined ? [RANDOM] : [];
  for (const warning of warnings) printError(`warning: ${warning}`);
  if (score.scans === 0) {
    printError("no scan has labels: predictions only, no score");
    return;
  }
  const inputs = { model: name, data, split, dtype, weights: weights ?? "random" };
  const result = score.result(inputs, warnings);
  if (out !== undefined && weights !== undefined) {
    await writeTextAtomic(`${out}/semantickitti.json`, `${toJson(result)}\n`);
    await writeTextAtomic(`${out}/semantickitti.md`, toMarkdown(result));
  }
  print(json ? toJson(result) : toText(result));
}
