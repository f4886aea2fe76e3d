import { Random } from "../synth/random.ts";
import { retold, sentences } from "./raw_files.ts";
import type { TwinFiles } from "./twin.ts";

/** Writes `ref.txt` and `hyp.txt`, a document of `perLine` sentences a line. */
export async function writeTextPairs(
  out: string,
  { size, seed, perLine, unit }: { size: number; seed: number; perLine: number; unit: string },
): Promise<TwinFiles> {
  const random = new Random(seed);
  const references = Array.from({ length: size }, () => sentences(random, perLine));
  const hypotheses = references.map((line) => retold(random, line));
  await Deno.writeTextFile(`${out}/ref.txt`, references.map((line) => `${line}\n`).join(""));
  await Deno.writeTextFile(`${out}/hyp.txt`, hypotheses.map((line) => `${line}\n`).join(""));
  return { gt: `${out}/ref.txt`, pred: `${out}/hyp.txt`, args: [], counts: { [unit]: size } };
}
