/** Runs benchmarks in this process, for tests that need no command line. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { InputError } from "../std/errors.ts";
import type { Twin } from "../datasets/twins/twin.ts";
import { TestFolder } from "../std/testing.ts";
import { benchmarkOf } from "./registry.ts";
import { runBenchmark } from "./run.ts";

/** Two paths and the options that are not the defaults. */
export interface Inputs {
  readonly gt: string;
  readonly pred: string;
  readonly options?: Readonly<Record<string, string>>;
}

/** The result of a benchmark. */
export async function resultOf(id: string, { gt, pred, options = {} }: Inputs, jobs = 1) {
  const defaults = Object.entries((await benchmarkOf(id)).options).map(([name, option]) => {
    return [name, option.fallback ?? ""];
  });
  const request = { gt, pred, options: { ...Object.fromEntries(defaults), ...options } };
  return (await runBenchmark(id, request, { jobs, secondsPerJob: 1e-9 })).result;
}

/** The benchmark fails with one line that holds `parts`. */
export async function refuses(id: string, inputs: Inputs, ...parts: string[]): Promise<void> {
  const { message } = await assertRejects(() => resultOf(id, inputs), InputError);
  assertEquals(message.includes("\n"), false);
  for (const part of parts) assertStringIncludes(message, part);
}

/** Scores a small twin with one thread and with three, which must not differ. */
export async function resultOfTwin(twin: Twin, size: number, options: Inputs["options"] = {}) {
  using folder = new TestFolder();
  const { gt, pred } = await twin.write(folder.path, size, 7);
  const one = await resultOf(twin.benchmark, { gt, pred, options });
  assertEquals(await resultOf(twin.benchmark, { gt, pred, options }, 3), one);
  return one;
}
