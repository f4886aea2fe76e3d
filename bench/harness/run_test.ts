import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Context, KernelError } from "../../ffi/mod.ts";
import { caseState } from "../../reports/schema.ts";
import type { Case } from "../case.ts";
import { fakeCase, testSetting } from "./fakes.ts";
import { isFailed, withShare } from "./rows.ts";
import { runCases } from "./run.ts";

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
