/** The outputs of the official tools, which lie beside the repository: equal in every digit. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { sharedPath } from "../std/testing.ts";
import { parseCommand } from "./args.ts";
import { runBenchmark } from "./run.ts";

type Json = Record<string, unknown>;

/** Metrics of a command line, by the same path that `deno task eval` takes. */
async function scored(...args: string[]): Promise<Record<string, number | string>> {
  const command = await parseCommand(args);
  if (command.kind !== "score") throw new Error(`Cannot score with ${args.join(" ")}`);
  return { ...(await runBenchmark(command.id, command.request, { jobs: 1 })).result.metrics };
}

const expectedOf = (path: string): Json =>
  JSON.parse(Deno.readTextFileSync(`${path}/expected.json`));

/** `prefix + key` of our metrics equals each entry. */
function assertNamed(metrics: Json, prefix: string, expected: unknown): void {
  for (const [key, value] of Object.entries(expected as Json)) {
    assertStrictEquals(metrics[prefix + key], value, prefix + key);
  }
}

function golden(folder: string, cases: readonly string[], check: (path: string) => Promise<void>) {
  const root = sharedPath(`golden/${folder}`);
  for (const name of cases) {
    Deno.test({
      name: `golden ${folder}/${name}: equal to the official tool`,
      ignore: root === undefined,
      fn: () => check(`${root}/${name}`),
    });
  }
}

const both = (path: string) => ["--gt", path, "--pred", path];

golden("nuscenes_lidarseg", ["basic", "missing_classes"], async (path) => {
  const metrics = await scored(
    ...["nuscenes-lidarseg", "--gt", path, "--pred", `${path}/submission`],
    ...["--version", "v1.0-mini", "--split", "mini_val"],
  );
  const expected = expectedOf(path);
  assertStrictEquals(metrics["miou"], expected["miou"]);
  assertStrictEquals(metrics["freq_weighted_iou"], expected["freq_weighted_iou"]);
  assertNamed(metrics, "iou_", expected["iou_per_class"]);
});

golden("scannet_semantic", ["basic", "absent_classes"], async (path) => {
  const metrics = await scored("scannet-semantic", ...both(path));
  const expected = expectedOf(path);
  assertStrictEquals(metrics["iou_mean"], expected["mean_of_20"]);
  assertStrictEquals(metrics["iou_mean_present"], expected["nanmean"]);
  assertNamed(metrics, "iou_", expected["iou"]);
});

golden("s3dis", ["basic", "missing_class"], async (path) => {
  const metrics = await scored("s3dis", ...both(path));
  const expected = expectedOf(path);
  const script = expected["pvcnn_eval"] as Json;
  assertStrictEquals(metrics["miou"], script["meanIoU"]);
  assertStrictEquals(metrics["overall_accuracy"], script["meanAcc_as_printed"]);
  assertNamed(metrics, "meter_", expected["pvcnn_meter"]);
  const values = (prefix: string) =>
    Object.entries(metrics).filter(([name]) => name.startsWith(prefix)).map(([, value]) => value);
  assertEquals<unknown>(values("iou_"), script["class_iou"]);
  assertEquals<unknown>(values("accuracy_"), expected["class_accuracy_tp_over_gt"]);
});

golden("mmdet3d_seg_eval", ["basic"], async (path) => {
  const metrics = await scored("seg", ...both(path), "--classes", "8", "--ignore", "8");
  const expected = expectedOf(path);
  assertStrictEquals(metrics["miou"], expected["miou"]);
  assertStrictEquals(metrics["macc"], expected["acc_cls"]);
  assertStrictEquals(metrics["acc"], expected["acc"]);
  for (let k = 0; k < 8; k++) assertStrictEquals(metrics[`iou_${k}`], expected[`c${k}`]);
});

golden("shapenet_part", ["basic", "absent_parts"], async (path) => {
  const metrics = await scored("shapenet-part", ...both(path));
  const expected = expectedOf(path);
  const script = expected["pointnet2"] as Json;
  assertStrictEquals(metrics["instance_miou"], script["instance_miou"]);
  assertStrictEquals(metrics["class_miou"], script["mean_category_miou"]);
  assertStrictEquals(metrics["accuracy"], script["accuracy"]);
  assertStrictEquals(metrics["part_accuracy"], script["avg_class_acc"]);
  assertStrictEquals(metrics["meter_miou"], expected["pvcnn_meter_instance_miou"]);
  assertStrictEquals(metrics["eval_miou"], expected["pvcnn_eval_mean_iou"]);
  assertNamed(metrics, "iou_", script["per_category"]);
});

golden("partnet", ["basic"], async (path) => {
  const metrics = await scored("partnet", ...both(path));
  const expected = expectedOf(path);
  assertStrictEquals(metrics["instance_miou"], expected["shape_mean_iou"]);
  assertStrictEquals(metrics["class_miou"], expected["category_mean_iou_float32"]);
  assertStrictEquals(metrics["accuracy"], expected["average_accuracy"]);
  (expected["part_iou_float32"] as number[]).forEach((iou, k) =>
    assertStrictEquals(metrics[`iou_${k + 1}`], iou)
  );
});

golden("bev_map", ["basic"], async (path) => {
  const metrics = await scored("bev-map", ...both(path));
  for (const [name, value] of Object.entries(expectedOf(path)["metrics"] as Json)) {
    const ours = name === "map/mean/iou@max" ? "iou_max_mean" : name.slice("map/".length);
    assertStrictEquals<unknown>(metrics[ours], value, name);
  }
});

golden("perplexity", ["basic"], async (path) => {
  const metrics = await scored("perplexity", ...both(path));
  const expected = expectedOf(path);
  assertStrictEquals(metrics["perplexity_exact"], expected["double_perplexity"]);
  assertStrictEquals(metrics["perplexity"], expected["perplexity"]);
  assertStrictEquals(metrics["loss_base2"], expected["loss_base2"]);
});

/** Key of the golden file, files, options. */
const BLEU: readonly (readonly [string, string, ...string[]])[] = [
  ["multi_bleu", "tok", "--tool", "multi-bleu"],
  ["multi_bleu_lc", "tok", "--tool", "multi-bleu", "--case", "lower"],
  ["multi_bleu_compound_split", "compound", "--tool", "multi-bleu"],
  ["fairseq_score", "tok", "--tool", "fairseq"],
  ["fairseq_score_compound_split", "tok", "--tool", "compound"],
  ["fairseq_score_ignore_case", "tok", "--tool", "fairseq", "--case", "lower"],
  ["sacrebleu_default", "detok", "--tool", "sacrebleu"],
  ["sacrebleu_lowercase", "detok", "--tool", "sacrebleu", "--case", "lower"],
  ["sacrebleu_none", "detok", "--tool", "sacrebleu", "--tokenize", "none"],
  ["sacrebleu_intl", "detok", "--tool", "sacrebleu", "--tokenize", "intl"],
  ["sacrebleu_char", "detok", "--tool", "sacrebleu", "--tokenize", "char"],
  ["sacrebleu_smooth_none", "detok", "--tool", "sacrebleu", "--smooth", "none"],
  ["sacrebleu_smooth_floor", "detok", "--tool", "sacrebleu", "--smooth", "floor"],
  ["sacrebleu_smooth_addk", "detok", "--tool", "sacrebleu", "--smooth", "add-k"],
  ["sacrebleu_effective_order", "detok", "--tool", "sacrebleu", "--effective-order", "yes"],
];

golden("bleu", ["basic", "multi_reference", "no_4gram_match"], async (path) => {
  const expected = expectedOf(path);
  for (const [key, text, ...options] of BLEU) {
    const files = ["--gt", `${path}/ref.${text}.txt`, "--pred", `${path}/hyp.${text}.txt`];
    const metrics = await scored("bleu", ...files, ...options);
    const { bleu, score } = expected[key] as Json;
    assertStrictEquals<unknown>(metrics["bleu"], bleu ?? score, key);
  }
});

golden("rouge", ["basic", "single"], async (path) => {
  const [reference, hypothesis] = [`${path}/ref.txt`, `${path}/hyp.txt`];
  const expected = expectedOf(path);
  const check = async (key: string, ...args: string[]) => {
    const metrics = await scored("rouge", ...args);
    const { average } = expected[key] as { average: Record<string, Record<string, Json>> };
    for (const [tool, parts] of Object.entries(average)) {
      for (const [part, { value, ci }] of Object.entries(parts)) {
        const name = `${tool.replace("ROUGE-", "rouge")}_${part.toLowerCase()}`;
        const ours = [metrics[name], metrics[`${name}_low`], metrics[`${name}_high`]];
        assertEquals<unknown>(ours, [value, ...ci as number[]], `${key} ${name}`);
      }
    }
  };
  await check("rouge155_stem", "--gt", reference, "--pred", hypothesis);
  await check("rouge155_nostem", "--gt", reference, "--pred", hypothesis, "--stem", "no");
  await check("rouge155_stem_swapped_arguments", "--gt", hypothesis, "--pred", reference);
});
