/** What the tests of detection benchmarks share. */
import { assertEquals, assertRejects } from "@std/assert";
import type { EvalResult } from "../reports/schema.ts";
import type { Twin } from "../datasets/twins/twin.ts";
import { InputError } from "../std/errors.ts";
import { runBenchmark } from "./run.ts";

/** A folder for one test, removed when the test ends. */
export class TestFolder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "voxmark_eval_" });

  /** Writes a file below the folder; its path. */
  write(below: string, content: string | Uint8Array): string {
    const path = `${this.path}/${below}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    Deno.writeFileSync(path, bytes);
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** Paths and options of a run. */
export interface Scored {
  readonly gt: string;
  readonly pred: string;
  readonly options?: Readonly<Record<string, string>>;
}

/** Scores in this process, on `jobs` threads even where one would do. */
export async function scored(
  id: string,
  { gt, pred, options = {} }: Scored,
  jobs = 1,
): Promise<EvalResult> {
  const run = await runBenchmark(id, { gt, pred, options }, { jobs, secondsPerJob: 1e-9 });
  return run.result;
}

/** The run is refused with one line that holds all `parts`. */
export async function refuses(id: string, run: Scored, ...parts: string[]): Promise<void> {
  const { message } = await assertRejects(() => scored(id, run), InputError);
  assertEquals(message.includes("\n"), false, message);
  assertEquals(parts.filter((part) => !message.includes(part)), [], message);
}

/** Scores of a small twin are the same on one thread and on three; they are returned. */
export async function twinScores(
  twin: Twin,
  size: number,
  options: Readonly<Record<string, string>>,
): Promise<EvalResult> {
  using folder = new TestFolder();
  const { gt, pred } = await twin.write(folder.path, size, 3);
  const one = await scored(twin.benchmark, { gt, pred, options });
  const three = await scored(twin.benchmark, { gt, pred, options }, 3);
  assertEquals(three.metrics, one.metrics);
  return one;
}
