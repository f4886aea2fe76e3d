/** The tools that BLEU is published with: how each reads, tokenises and scores. */
import type { Request } from "../benchmark.ts";
import type { BleuCounts } from "../metrics/bleu_counts.ts";
import {
  type BleuResult,
  fairseqBleu,
  multiBleu,
  sacreBleu,
  type Smoothing,
} from "../metrics/bleu_scores.ts";
import {
  fairseqTokens,
  lowerAscii,
  type SacreTokenizer,
  sacreTokens,
  splitCompounds,
  splitPerl,
} from "../metrics/bleu_tokens.ts";
import type { LineEnds } from "./text_lines.ts";

type Side = "hypothesis" | "reference";

export interface BleuTool {
  readonly reference: string;
  /** Whether lines are bytes, or UTF-8 text and what ends its lines. */
  readonly text: "bytes" | LineEnds;
  readonly manyReferences: boolean;
  /** Whether lines of a reference beyond those of the hypotheses are ignored. */
  readonly ignoresFurtherLines: boolean;
  /** What a reference counts that differs by more tokens than this; without it, its length. */
  readonly farthest?: number;
  /** Cuts a line into tokens. */
  tokens(options: Request["options"]): (line: string, side: Side) => string[];
  score(
    counts: BleuCounts,
    options: { smoothing: Smoothing; effectiveOrder: boolean },
  ): BleuResult;
}

/** Whether a line went through the compound split before. */
export function isSplit(line: string): boolean {
  return line.includes("##AT##-##AT##");
}

const lowered = (options: Request["options"]) => options["case"] === "lower";

const fairseq: BleuTool = {
  reference: "mit-han-lab/lite-transformer d2d98c3 score.py",
  text: "universal",
  manyReferences: false,
  ignoresFurtherLines: false,
  tokens: (options) => (line, side) =>
    fairseqTokens(lowered(options) ? line.toLowerCase() : line, side),
  score: fairseqBleu,
};

/** By the value of `--tool`. */
export const BLEU_TOOLS = {
  "multi-bleu": {
    reference: "moses-smt/mosesdecoder 3445289 scripts/generic/multi-bleu.perl",
    text: "bytes",
    manyReferences: true,
    ignoresFurtherLines: true,
    farthest: 9999,
    tokens: (options) => (line) => splitPerl(lowered(options) ? lowerAscii(line) : line),
    score: multiBleu,
  },
  sacrebleu: {
    reference: "mjpost/sacrebleu 2.6.0",
    text: "newline",
    manyReferences: true,
    ignoresFurtherLines: false,
    tokens: (options) => {
      const tokenizer = options["tokenize"] as SacreTokenizer;
      return (line) => sacreTokens(lowered(options) ? line.toLowerCase() : line, tokenizer);
    },
    score: sacreBleu,
  },
  compound: {
    ...fairseq,
    reference: `${fairseq.reference} after configs/wmt16.en-de/test.sh's compound split`,
    tokens: (options) => {
      const tokens = fairseq.tokens(options);
      return (line, side) => tokens(isSplit(line) ? line : splitCompounds(line), side);
    },
  },
  fairseq,
} as const satisfies Readonly<Record<string, BleuTool>>;
