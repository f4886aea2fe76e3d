/** Runs benchmarks in this process, for tests that need no command line. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { InputError } from "../std/errors.ts";
import type { Twin } from "../datasets/twins/twin.ts";
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
  const defaults = Object.entries(benchmarkOf(id).options).map(([name, option]) => {
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

/** A folder for one test, removed when the test ends. */
export class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "voxmark_eval_" });

  /** Writes a file, as text or as JSON, and gives its path. */
  write(name: string, content: unknown): string {
    const path = `${this.path}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (content instanceof Uint8Array) Deno.writeFileSync(path, content);
    else {
      Deno.writeTextFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    }
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** Scores a small twin with one thread and with three, which must not differ. */
export async function resultOfTwin(twin: Twin, size: number) {
  using folder = new Folder();
  const files = await twin.write(folder.path, size, 7);
  const one = await resultOf(twin.benchmark, files);
  assertEquals(await resultOf(twin.benchmark, files, 3), one);
  return one;
}
