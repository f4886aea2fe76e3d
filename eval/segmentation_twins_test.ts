import { assertEquals, assertStrictEquals } from "@std/assert";
import { bevMapTwin } from "../datasets/twins/bev_map.ts";
import { bleuTwin } from "../datasets/twins/bleu.ts";
import { nuscenesLidarsegTwin } from "../datasets/twins/nuscenes_lidarseg.ts";
import { partnetTwin } from "../datasets/twins/partnet.ts";
import { perplexityTwin } from "../datasets/twins/perplexity.ts";
import { rougeTwin } from "../datasets/twins/rouge.ts";
import { s3disTwin } from "../datasets/twins/s3dis.ts";
import { scannetSemanticTwin } from "../datasets/twins/scannet_semantic.ts";
import { segTwin } from "../datasets/twins/seg.ts";
import { shapenetPartTwin } from "../datasets/twins/shapenet_part.ts";
import { parseCommand } from "./args.ts";
import { toJson } from "./render.ts";
import { runBenchmark } from "./run.ts";

/** Each twin, a small size, a metric and the range that its noise leaves for it. */
const TWINS = [
  [nuscenesLidarsegTwin, 3, "miou", 0.5, 0.95],
  [scannetSemanticTwin, 2, "iou_mean", 0.5, 0.9],
  [s3disTwin, 1, "miou", 0.5, 0.9],
  [shapenetPartTwin, 32, "instance_miou", 0.5, 0.98],
  [partnetTwin, 4, "class_miou", 0.5, 0.9],
  [bevMapTwin, 3, "iou_max_mean", 0.3, 0.9],
  [segTwin, 2, "miou", 0.5, 0.9],
  [bleuTwin, 700, "bleu", 30, 90],
  [rougeTwin, 200, "rouge1_f", 0.5, 0.99],
  [perplexityTwin, 40, "perplexity", 5, 100],
] as const;

for (const [twin, size, metric, low, high] of TWINS) {
  Deno.test(`${twin.benchmark} scores its twin, the same with one job and with three`, async () => {
    const out = Deno.makeTempDirSync({ prefix: "voxmark_twin_" });
    try {
      const { gt, pred, args } = await twin.write(out, size, 1);
      const command = await parseCommand([twin.benchmark, "--gt", gt, "--pred", pred, ...args]);
      if (command.kind !== "score") throw new Error("Cannot score: it is another command");
      const run = (jobs: number) =>
        runBenchmark(twin.benchmark, command.request, { jobs, secondsPerJob: 1e-12 });
      const one = await run(1);
      assertStrictEquals(toJson((await run(3)).result), toJson(one.result));
      const value = Number(one.result.metrics[metric]);
      assertEquals([value > low, value < high], [true, true], `${metric} = ${value}`);
    } finally {
      Deno.removeSync(out, { recursive: true });
    }
  });
}
