import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import { perplexity, type PerplexityState } from "../metrics/perplexity.ts";
import { readLengths, readScores } from "./token_scores.ts";
import { isFile, isFolder, join } from "./files.ts";

/** The two files. */
interface Files {
  readonly lengths: string;
  readonly scores: string;
}

/** Names that are looked for when a path is a folder. */
const LENGTHS = ["lengths.txt"];
const SCORES = ["pos_scores.f32", "pos_scores.npy", "pos_scores.txt"];

/** Perplexity of a language model, as fairseq-eval-lm prints it. */
export const perplexityBenchmark: Benchmark<Files, PerplexityState> = {
  summary: "language modelling: perplexity from the log-probabilities of the tokens",
  paths: {
    gt: "text file with the number of tokens of each sentence, a line each (lengths.txt)",
    pred: "natural-log token scores: .f32 (raw float32), .npy, or text (pos_scores.f32)",
  },
  options: {},
  reference: () => perplexity.reference,
  metricVersion: () => perplexity.version,
  plan: ({ gt, pred }): Plan<Files> => ({
    items: [{ lengths: fileIn(gt, "--gt", LENGTHS), scores: fileIn(pred, "--pred", SCORES) }],
    estimatedSeconds: 0,
    warnings: [],
  }),
  scorer() {
    const state = perplexity.create();
    return { state, score: (files) => score(state, files) };
  },
  merge: (_, into, from) => perplexity.merge(into, from),
  outcome,
};

function fileIn(path: string, flag: string, names: readonly string[]): string {
  if (!isFolder(path)) return path;
  const found = names.map((name) => join(path, name)).find(isFile);
  if (found !== undefined) return found;
  throw new InputError(`Cannot read ${flag} "${path}": it has no file ${names.join(" or ")}`);
}

function score(state: PerplexityState, files: Files): void {
  const lengths = readLengths(files.lengths);
  const scores = readScores(files.scores);
  const tokens = lengths.reduce((a, b) => a + b, 0);
  if (tokens !== scores.length) {
    throw new InputError(
      `Cannot score "${files.scores}" against "${files.lengths}": it has ${scores.length} scores ` +
        `and the sentences have ${tokens} tokens, and the same number is needed`,
    );
  }
  let first = 0;
  lengths.forEach((length, index) => {
    perplexity.update(state, { index, scores: scores.subarray(first, first + length) });
    first += length;
  });
}

function outcome(_: Request, { items }: Plan<Files>, state: PerplexityState): Outcome {
  const [count, dropped] = [state.tokens[0]!, state.tokens[1]!];
  if (count === 0) {
    throw new InputError(
      `Cannot score "${items[0]!.scores}": it has no finite score, and one is needed`,
    );
  }
  const { loss, perplexity: value, exactLoss, exactPerplexity } = perplexity.compute(state);
  return {
    inputs: { sentences: state.sentences.length, tokens: count },
    metrics: {
      perplexity: value,
      "loss_base2": loss,
      "perplexity_exact": exactPerplexity,
      "loss_base2_exact": exactLoss,
    },
    perClass: {},
    warnings: dropped === 0 ? [] : [
      `${dropped} tokens have an infinite score: they were dropped and not counted, as by the tool`,
    ],
    work: { count, unit: "tokens" },
  };
}
