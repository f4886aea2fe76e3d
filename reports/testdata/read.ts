/** The results in this folder, read as the report command reads them. */
import {
  type BenchResult,
  type EvalResult,
  parseBenchResult,
  parseEvalResult,
} from "../schema.ts";

/** Text of a file in this folder. */
export function readText(name: string): string {
  return Deno.readTextFileSync(new URL(name, import.meta.url));
}

/** A bench run with losses, a failed check, a skipped backend and a table. */
export function readBench(): BenchResult {
  return parseBenchResult(readText("bench_tour.json"), "bench_tour.json");
}

/** A score with NaN, null and a warning. */
export function readEval(): EvalResult {
  return parseEvalResult(readText("eval_semantickitti.json"), "eval_semantickitti.json");
}
