/** `deno task eval model` for networks that find boxes: the official results, and their score. */
import { openScans, type ScanSource } from "../../datasets/arrow_scans.ts";
import { Context } from "../../ffi/mod.ts";
import { Detector } from "../../models/detection/detector.ts";
import { type DetectorModel, DETECTORS } from "../../models/detection/registry.ts";
import { Model } from "../../models/model.ts";
import { InputError } from "../../std/errors.ts";
import { removePartFilesOnSignal, writeAtomic, writeTextAtomic } from "../../std/files.ts";
import { print, printError } from "../../std/main.ts";
import { Progress } from "../../std/progress.ts";
import { parseCommand } from "../args.ts";
import { toJson, toMarkdown, toText } from "../render.ts";
import { runBenchmark } from "../run.ts";
import type { ModelCommand } from "./args.ts";
import { type BoxFormat, boxFormat, joinFiles } from "./box_files.ts";
import { camerasOf } from "./cameras.ts";
import { Predictions } from "./predictions.ts";
import { manifestOf, RANDOM, weightsOf } from "./setup.ts";

/** Predicts the boxes of every scan of --data and scores them where --gt is given. */
export async function detect(command: ModelCommand): Promise<void> {
  const { backend, threads, dtype, engine, data } = command;
  const zoo = DETECTORS[command.name]!;
  const out = folderOf(command);
  const format = boxFormat(zoo, command.calib);
  using source = await openScans(data);
  checkDataset(command, source, zoo);
  const network = zoo.build();
  const weights = await weightsOf(command, network);
  using ctx = new Context(backend, { threads });
  using model = new Model(ctx, network, weights, { dtype, ...(engine && { engine }) });
  await Predictions.open(out, await manifestOf(command));
  removePartFilesOnSignal();
  const start = performance.now();
  const done = await predictAll(source, new Detector(model, zoo), format, out);
  await joinFiles(out, format, done.ids);
  const seconds = (performance.now() - start) / 1e3;
  printError(
    `${done.ids.length} scans, ${done.boxes.toLocaleString("en")} new boxes in ` +
      `${seconds.toFixed(2)} s; ${(model.peakBytes / 1e6).toFixed(0)} MB of buffers; ` +
      `results in "${out}/${format.result}"`,
  );
  await score(command, format, out);
}

function folderOf({ name, out, config, engine, version }: ModelCommand): string {
  if (version !== undefined && DETECTORS[name]!.dataset !== "nuscenes") {
    throw new InputError(`Cannot use --version: ${name} is not for nuScenes`);
  }
  if (config !== undefined) throw new InputError(`Cannot use --config: ${name} has none`);
  if (engine === "auto") {
    throw new InputError(`Cannot use --engine auto: ${name} finds boxes, and such are not tuned`);
  }
  if (out !== undefined) return out;
  throw new InputError(
    `Cannot run ${name}: --out DIR is missing, and a folder for boxes is needed`,
  );
}

function checkDataset({ name, data }: ModelCommand, { metadata }: ScanSource, zoo: DetectorModel) {
  if (metadata.dataset === zoo.dataset) return;
  throw new InputError(
    `Cannot run ${name} on "${data}": it is of ${metadata.dataset}, and ${zoo.dataset} is needed`,
  );
}

async function predictAll(
  source: ScanSource,
  detector: Detector,
  format: BoxFormat,
  out: string,
): Promise<{ ids: string[]; boxes: number }> {
  using bar = new Progress(source.length, "predict", "scans");
  const names = source.metadata.features ?? [];
  const ids: string[] = [];
  let total = 0;
  for await (const scan of source) {
    const { id, points, features } = scan;
    const path = `${out}/${format.path(id)}`;
    if (!await exists(path)) {
      const what = `scan "${id}"`;
      const cameras = detector.sees ? await camerasOf(scan, what) : [];
      const boxes = detector.predict({ what, points, features, names, cameras });
      const bytes = await format.encode(scan, boxes);
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await writeAtomic(path, (temporary) => Deno.writeFile(temporary, bytes));
      total += boxes.length;
    }
    ids.push(id);
    bar.tick();
  }
  return { ids, boxes: total };
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The options of `eval nuscenes-detection` for --version. */
function versionOf({ version }: ModelCommand): string[] {
  if (version === undefined) return [];
  return ["--version", version, "--split", version.endsWith("mini") ? "mini_val" : "val"];
}

/** By the benchmark's own rules, as `deno task eval ID` does with the same files. */
async function score(command: ModelCommand, format: BoxFormat, out: string): Promise<void> {
  const { name, data, dtype, weights, gt, json } = command;
  const warnings = weights === undefined ? [RANDOM] : [];
  for (const warning of warnings) printError(`warning: ${warning}`);
  if (gt === undefined) {
    printError("no --gt was given: results only, no score");
    return;
  }
  const { benchmark, result: file } = format;
  const truth = ["--gt", gt, ...versionOf(command)];
  const parsed = await parseCommand([benchmark, ...truth, "--pred", `${out}/${file}`]);
  if (parsed.kind !== "score") throw new RangeError(`${benchmark} did not become a score`);
  const { result: scored } = await runBenchmark(benchmark, parsed.request, { jobs: parsed.jobs });
  const result = {
    ...scored,
    inputs: { model: name, data, dtype, weights: weights ?? "random", ...scored.inputs },
    warnings: [...warnings, ...scored.warnings],
  };
  if (weights !== undefined) {
    await writeTextAtomic(`${out}/${benchmark}.json`, `${toJson(result)}\n`);
    await writeTextAtomic(`${out}/${benchmark}.md`, toMarkdown(result));
  }
  print(json ? toJson(result) : toText(result));
}
