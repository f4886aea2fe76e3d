import { assertEquals, assertLess } from "@std/assert";
import { simulateScan } from "../../datasets/synth/mod.ts";
import { Context } from "../../ffi/mod.ts";
import { minkunet } from "../../models/nets/minkunet.ts";
import { spvcnn } from "../../models/nets/spvcnn.ts";
import { sharedPath } from "../../std/testing.ts";
import { check } from "../harness/check.ts";
import { testSetting } from "../harness/fakes.ts";
import { buildScene } from "../harness/scene.ts";
import { macsOf, networkProblem, networkTolerance, TUNED } from "./network.ts";

const size = (ratio: number) => ({ ratio, classes: 19 });

/** Billions of multiply-adds of MinkUNet and SPVCNN at channel ratio 1. */
function gmacs(path: string): string[] {
  using cpu = new Context("cpu", { threads: 2 });
  const points = new Float32Array(Deno.readFileSync(path).buffer);
  const scene = buildScene(cpu, { id: "real", points }, { name: "real", source: "" });
  return [minkunet, spvcnn].map((build) =>
    (macsOf(cpu, { network: build(size(1)), scene }) / 1e9).toFixed(3)
  );
}

Deno.test("macsOf() counts on real scans what TorchSparse's maps give", () => {
  const first = sharedPath("data/semantickitti/sequences/00/velodyne/000000.bin");
  if (first !== undefined) assertEquals(gmacs(first), ["115.511", "120.402"]);
  const eighth = sharedPath("data/semantickitti/sequences/08/velodyne/000000.bin");
  if (eighth !== undefined) assertEquals(gmacs(eighth), ["137.704", "142.743"]);
});

Deno.test("macsOf() is, on simulated scans, within 15 % of SPVNAS' 113.9 billion", () => {
  using cpu = new Context("cpu", { threads: 2 });
  const scans = [0, 1].map((index) => simulateScan(1, index));
  const macs = scans.map((scan) => {
    const scene = buildScene(cpu, scan, { name: "synth", source: "" });
    return macsOf(cpu, { network: minkunet(size(1)), scene }) / 1e9;
  });
  assertLess(Math.abs((macs[0]! + macs[1]!) / 2 / 113.9 - 1), 0.15);
});

Deno.test("a network gives the same again, with its own maps, cached ones and as a plan", () => {
  using cpu = new Context("cpu", { threads: 2 });
  const { bench } = testSetting(cpu);
  for (const build of [minkunet, spvcnn]) {
    const network = build(size(0.25));
    const ways = [true, false].flatMap((buildsMaps) => [
      { buildsMaps },
      { buildsMaps, planned: "this scan" as const },
      // Points are placed by the host, so that only voxels take any scan.
      ...(buildsMaps && build === minkunet ? [{ buildsMaps, planned: "any scan" as const }] : []),
    ]);
    const features = ways.flatMap((way) => {
      using instance = networkProblem(bench, { network, dtype: "f32", ...way }).create(cpu);
      const run = instance.bind("implicit");
      return [1, 2].map(() => {
        run();
        return instance.output()[0]!.values;
      });
    });
    for (const values of features) assertEquals(values, features[0]);
    assertEquals(features[0]!.some((value) => value !== 0), true);
  }
});

Deno.test("a network is what its reference gives, and in 16 bits about that", () => {
  using cpu = new Context("cpu", { threads: 2 });
  const { bench } = testSetting(cpu);
  for (const dtype of ["f32", "bf16", "f16"] as const) {
    const network = minkunet(size(0.25));
    const problem = networkProblem(bench, { network, dtype, buildsMaps: true });
    const expected = problem.expected!(cpu);
    using instance = problem.create(cpu);
    for (const engine of ["implicit", TUNED]) {
      instance.bind(engine)();
      const { passed } = check(instance.output(), expected.parts, networkTolerance(network, dtype));
      assertEquals([dtype, engine, passed], [dtype, engine, true]);
    }
  }
});
