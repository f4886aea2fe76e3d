import { assertEquals } from "@std/assert";
import { realData } from "../../datasets/test_scans.ts";
import { Context } from "../../ffi/mod.ts";
import { check } from "../harness/check.ts";
import { testSetting } from "../harness/fakes.ts";
import { buildScene } from "../harness/scene.ts";
import { macsOf, networkInstance, networkOf } from "./network.ts";
import { minkunet, spvcnn } from "./network_plan.ts";

/** Billions of multiply-adds of MinkUNet and SPVCNN at channel ratio 1. */
function gmacs(path: string): [string, string] {
  using cpu = new Context("cpu", { threads: 2 });
  const points = new Float32Array(Deno.readFileSync(path).buffer);
  const scene = buildScene(cpu, { id: "real", points }, { name: "real", source: "" });
  const count = (plan: ReturnType<typeof minkunet>) => (macsOf(plan, scene) / 1e9).toFixed(3);
  return [count(minkunet(1, true)), count(spvcnn(1, true))];
}

Deno.test("macsOf() counts on real scans what TorchSparse's maps give", () => {
  const first = realData("semantickitti/sequences/00/velodyne/000000.bin");
  if (first !== undefined) assertEquals(gmacs(first), ["115.511", "120.402"]);
  const eighth = realData("semantickitti/sequences/08/velodyne/000000.bin");
  if (eighth !== undefined) assertEquals(gmacs(eighth), ["137.704", "142.743"]);
});

Deno.test("a network gives the same again, when its maps and buffers are used a second time", () => {
  using cpu = new Context("cpu", { threads: 2 });
  const { bench: { scene } } = testSetting(cpu);
  const plans = [true, false].flatMap((dense) => [minkunet(0.25, dense), spvcnn(0.25, dense)]);
  for (const plan of plans) {
    using instance = networkInstance(cpu, networkOf(plan, scene, "f32", true));
    const run = instance.bind("implicit");
    run();
    const [first] = instance.output();
    run();
    assertEquals(instance.output()[0]!.values, first!.values);
    assertEquals(first!.values.some((value) => value !== 0), true);
  }
});

Deno.test("a network gives the same with cached maps as with maps of its own", () => {
  using cpu = new Context("cpu", { threads: 2 });
  const { bench: { scene } } = testSetting(cpu);
  const features = [true, false].map((buildsMaps) => {
    using instance = networkInstance(
      cpu,
      networkOf(minkunet(0.25, false), scene, "bf16", buildsMaps),
    );
    instance.bind("implicit")();
    return instance.output()[0]!.values;
  });
  assertEquals(features[0], features[1]);
});

Deno.test("a network is what its reference gives, with dense steps and without", () => {
  using cpu = new Context("cpu", { threads: 2 });
  const { bench: { scene } } = testSetting(cpu);
  for (const dense of [true, false]) {
    const plan = minkunet(0.25, dense);
    using instance = networkInstance(cpu, networkOf(plan, scene, "f32", true));
    const [found, wanted] = ["implicit", "ref"].map((variant) => {
      instance.bind(variant)();
      return instance.output();
    });
    const { passed, maxRelErr } = check(found!, wanted!, { abs: 0, scale: 1e-5, rel: 1e-4 });
    assertEquals([dense, passed, maxRelErr < 1e-3], [dense, true, true]);
  }
});
