import { assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Context, KernelError } from "../../ffi/mod.ts";
import { caseState } from "../../reports/schema.ts";
import type { Case } from "../case.ts";
import { fakeCase, groundScan, testSetting } from "./fakes.ts";
import { PROTOCOLS } from "./protocol.ts";
import { isFailed, withShare } from "./rows.ts";
import { runCases } from "./run.ts";
import { buildScene } from "./scene.ts";

Deno.test("runCases() times what equals the reference and not what does not", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  let runsOfWrong = 0;
  const item = fakeCase({ good: () => 1, wrong: () => (runsOfWrong++, 2), ref: () => 1 });
  const rows = (await runCases([item], testSetting(cpu))).map(({ row }) => row);
  assertEquals(rows.map(caseState), ["timed", "failed", "timed"]);
  assertEquals(rows.map(isFailed), [false, true, false]);
  const wrong = rows[1]!;
  assertEquals([wrong.verified, wrong.samplesMs, wrong.medianMs, runsOfWrong], [
    false,
    [],
    null,
    1,
  ]);
  assertEquals(wrong.skipped, "wrong: out[0] is 2, the reference 1; 1 of 1 values are off");
  assertEquals(rows[0]!.id, "fake/good/n=1");
});

Deno.test("runCases() skips a variant, when the library says that it is not there", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  const absent = () => {
    throw new KernelError(2, "vmk_fake", "not on this device");
  };
  const [first] = await runCases([fakeCase({ absent, ref: () => 1 })], testSetting(cpu));
  assertEquals(caseState(first!.row), "skipped");
  assertStringIncludes(first!.row.skipped ?? "", "not on this device");
});

Deno.test("runCases() counts a variant as wrong, when it fails in another way", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  const broken = () => {
    throw new KernelError(5, "vmk_fake", "table overflow");
  };
  const [first] = await runCases([fakeCase({ broken, ref: () => 1 })], testSetting(cpu));
  assertEquals([isFailed(first!.row), first!.row.maxAbsErr], [true, "NaN"]);
});

Deno.test("runCases() stops, when the device is dead", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  const dead = () => {
    throw new KernelError(4, "vmk_fake", "illegal address");
  };
  await assertRejects(
    () => runCases([fakeCase({ dead, ref: () => 1 })], testSetting(cpu)),
    KernelError,
  );
});

Deno.test("runCases() does not time the reference, when it is slow", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  const setting = testSetting(cpu);
  const plan = { ...setting.plan, refLimitMs: -1 };
  const item = fakeCase({ good: () => 1, ref: () => 1 });
  const rows = (await runCases([item], { ...setting, plan })).map(({ row }) => row);
  assertEquals(rows.map(caseState), ["timed", "skipped"]);
});

Deno.test("runCases() skips a case, when it needs more than half of the memory", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  const item = { ...fakeCase({ ref: () => 1 }), memoryBytes: 6e8 };
  const [first] = await runCases([item], testSetting(cpu));
  assertEquals(
    first!.row.skipped,
    "needs 0.6 GB of memory, and more than half of the 1.0 GB here is not given to one case",
  );
});

Deno.test("runCases() leaves out variants that the filter does not name", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  const takes = (_: Case, variant: string) => variant === "good";
  const item = fakeCase({ good: () => 1, other: () => 1, ref: () => 1 });
  const outcomes = await runCases([item], { ...testSetting(cpu), takes });
  assertEquals(outcomes.map(({ row }) => row.variant), ["good"]);
});

Deno.test("runCases() logs one line a case", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const items = [fakeCase({ ref: () => 1 }), fakeCase({ wrong: () => 2, ref: () => 1 })];
  await runCases(items, { ...testSetting(cpu), log });
  assertEquals(lines.length, 2);
  assertStringIncludes(lines[1]!, "[2/2] fake/n=1: wrong WRONG, ref ");
});

Deno.test("withShare() leaves a row alone, when it has no time or there is no roof", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  const item = fakeCase({ wrong: () => 2, ref: () => 1 });
  const [wrong, ref] = await runCases([item], testSetting(cpu));
  const roof = { fmaGflops: 1, triadGbps: 1 };
  assertEquals(withShare(wrong!.row, wrong!.work, roof).roofline, null);
  assertEquals(withShare(ref!.row, ref!.work, null).roofline, null);
});

Deno.test("runCases() gives whole networks the sector of a quick run, and leaves out what is too long", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  const setting = testSetting(cpu);
  const seen: unknown[] = [];
  const base = fakeCase({ ref: () => 1 });
  const item = (more: Partial<Case>): Case => ({
    ...base,
    ...more,
    prepare(bench) {
      seen.push(bench.scene);
      return base.prepare(bench);
    },
  });
  const sector = buildScene(cpu, groundScan(20), { name: "s", source: "s" }, 90);
  const items = [item({}), item({ onSector: true }), item({ notQuick: "it takes a minute" })];
  const quick = await runCases(items, { ...setting, sector });
  assertEquals(seen, [setting.bench.scene, sector]);
  assertEquals(quick.at(-1)!.row.skipped, "left out of --quick: it takes a minute");
  await runCases(items, setting);
  assertEquals(seen.slice(2), [setting.bench.scene, setting.bench.scene, setting.bench.scene]);
});

Deno.test("runCases() makes the figure of the protocol, and uses one copy where caches are warm", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  let made = 0;
  const item: Case = {
    ...fakeCase({ ref: () => 1 }),
    prepare: (bench) => {
      const problem = fakeCase({ ref: () => 1 }).prepare(bench);
      return {
        ...problem,
        create: (ctx) => {
          made++;
          return problem.create(ctx);
        },
      };
    },
  };
  const protocol = PROTOCOLS["flexgemm"]!;
  const plan = { minSamples: 1, minMs: 0, refLimitMs: 1e9, exact: { warmUps: 2, samples: 20 } };
  const setting = { ...testSetting(cpu), cacheBytes: 2 ** 30, plan, protocol };
  const [found] = await runCases([item], setting);
  const { samplesMs, medianMs } = found!.row;
  assertEquals(samplesMs.length, 20);
  assertAlmostEquals(medianMs!, samplesMs.reduce((sum, ms) => sum + ms, 0) / 20, 1e-6);
  // The reference's own, and the timed one.
  assertEquals(made, 2);
});
