import { assertAlmostEquals, assertEquals } from "@std/assert";
import { copyCount, measure, Rotation, summarize } from "./measure.ts";
import { Random } from "./random.ts";

const MIB = 2 ** 20;
/** A context whose clock says what it is told, and which runs what it times. */
const clock = (ms: number) => ({
  time(run: () => void): number {
    run();
    return ms;
  },
});
const PLAN = { minSamples: 5, minMs: 0, refLimitMs: 0 };

Deno.test("summarize() gives median, p10 and p90, between neighbours where a rank is not whole", () => {
  const { medianMs, p10Ms, p90Ms } = summarize([4, 1, 3, 2]);
  assertAlmostEquals(medianMs, 2.5);
  assertAlmostEquals(p10Ms, 1.3);
  assertAlmostEquals(p90Ms, 3.7);
});

Deno.test("summarize() gives the sample itself, when there is one", () => {
  assertEquals(summarize([7]), { medianMs: 7, p10Ms: 7, p90Ms: 7 });
});

Deno.test("summarize() leaves the samples in the order they were taken", () => {
  const samples = [3, 1, 2];
  summarize(samples);
  assertEquals(samples, [3, 1, 2]);
});

Deno.test("copyCount() fills twice the cache, within 64 copies and 512 MiB", () => {
  assertEquals(copyCount(10 * MIB, 32 * MIB), 7);
  assertEquals(copyCount(100 * MIB, 32 * MIB), 1);
  assertEquals(copyCount(1, 32 * MIB), 64);
  assertEquals(copyCount(128 * MIB, 1024 * MIB), 4);
  assertEquals(copyCount(0, 0), 1);
});

Deno.test("Rotation runs each copy in turn and starts over, when all were used", () => {
  const used: number[] = [];
  const rotation = new Rotation([0, 1, 2].map((i) => () => used.push(i)));
  rotation.run(4);
  rotation.run(3);
  assertEquals(used, [0, 1, 2, 0, 1, 2, 0]);
});

Deno.test("measure() lets variants take turns, each once a round", async () => {
  const order: string[] = [];
  const contender = (variant: string) => ({ variant, runs: [() => order.push(variant)] });
  const contenders = ["a", "b", "c"].map(contender);
  const samples = await measure(clock(1), contenders, PLAN, new Random(1));
  assertEquals(samples.map((each) => each.length), [5, 5, 5]);
  const timed = order.slice(-15);
  const rounds = Array.from({ length: 5 }, (_, i) => timed.slice(3 * i, 3 * i + 3));
  for (const round of rounds) assertEquals([...round].sort(), ["a", "b", "c"]);
  assertEquals(new Set(rounds.map((round) => round.join(""))).size > 1, true);
});

Deno.test("measure() uses the next copy in every run, when there are several", async () => {
  const used: number[] = [];
  const runs = [0, 1].map((i) => () => used.push(i));
  await measure(clock(1), [{ variant: "a", runs }], PLAN, new Random(1));
  assertEquals(used.every((copy, i) => copy === i % 2), true);
});

Deno.test("measure() goes on, when the samples are many but too short in sum", async () => {
  const run = { variant: "a", runs: [() => {}] };
  const [samples] = await measure(clock(1), [run], { ...PLAN, minMs: 12 }, new Random(1));
  assertEquals(samples?.length, 12);
});

Deno.test("measure() puts several runs into a sample, when one is shorter than the clock is good for", async () => {
  let runs = 0;
  const run = { variant: "a", runs: [() => runs++] };
  const [samples] = await measure(clock(0.01), [run], PLAN, new Random(1));
  // 0.05 ms hold five runs of 0.01 ms; three runs warm up.
  assertEquals(runs, 3 + 5 * 5);
  assertAlmostEquals(samples![0]!, 0.002);
});

Deno.test("measure() warms up once and stops after five samples, when a run takes a second", async () => {
  let runs = 0;
  const run = { variant: "a", runs: [() => runs++] };
  const plan = { ...PLAN, minSamples: 15 };
  const [samples] = await measure(clock(1000), [run], plan, new Random(1));
  assertEquals([samples?.length, runs], [5, 1 + 5]);
});

Deno.test("measure() gives nothing, when nothing passed its check", async () => {
  assertEquals(await measure(clock(1), [], PLAN, new Random(1)), []);
});

Deno.test("measure() takes exactly the warm-ups and samples of a protocol, one run each", async () => {
  let runs = 0;
  const run = { variant: "a", runs: [() => void runs++] };
  const plan = { ...PLAN, minMs: 1e6, exact: { warmUps: 20, samples: 7 } };
  // Runs this short would fill a sample in batches, and this long would end it early.
  for (const ms of [0.001, 5000]) {
    runs = 0;
    const [samples] = await measure(clock(ms), [run], plan, new Random(1));
    assertEquals([samples!.length, runs], [7, 27]);
  }
});

Deno.test("measure() stops at the plan's own length of long runs", async () => {
  const run = { variant: "a", runs: [() => {}] };
  const plan = { ...PLAN, minMs: 1e6, long: { ms: 300, samples: 3 } };
  const [samples] = await measure(clock(100), [run], plan, new Random(1));
  assertEquals(samples!.length, 3);
});
