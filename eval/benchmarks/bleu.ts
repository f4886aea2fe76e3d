import { InputError } from "../../std/errors.ts";
import type { Benchmark, Choice, Outcome, Plan, Request } from "../benchmark.ts";
import {
  type BleuCounts,
  countSegment,
  createBleuCounts,
  mergeBleuCounts,
} from "../metrics/bleu_counts.ts";
import type { BleuResult, Smoothing } from "../metrics/bleu_scores.ts";
import { BLEU_TOOLS, type BleuTool, isSplit } from "./bleu_tools.ts";
import { byteLines, referencePaths, utf8Lines } from "./text_lines.ts";

/** Lines of both sides that are scored together. */
interface Lines {
  readonly hypotheses: readonly string[];
  /** [references][lines], as many lines as `hypotheses`. */
  readonly references: readonly (readonly string[])[];
}

/** Lines an item: a few milliseconds of work. */
const LINES = 512;
/** Measured: 3,003 lines of 25 words, one reference. */
const LINES_PER_SECOND = 4e4;

const CHOPPED = "its last byte was cut off, as by the script's chop";

const choice = (choices: readonly string[], help: string): Choice => ({
  choices,
  fallback: choices[0]!,
  help,
});

/** BLEU of a text file, a segment a line, by the scripts that published numbers come from. */
export const bleu: Benchmark<Lines, BleuCounts> = {
  summary: "machine translation: BLEU of text files, a segment a line",
  paths: {
    gt: "reference file, or the stem of several: STEM0, STEM1, ...",
    pred: "file of hypotheses, as many lines as the references",
  },
  options: {
    tool: choice(
      Object.keys(BLEU_TOOLS),
      "whose BLEU; compound is fairseq's after the compound split of WMT En-De",
    ),
    case: choice(["mixed", "lower"], "lowercase both sides first, as the tool's own flag does"),
    tokenize: choice(["13a", "none", "intl", "zh", "char"], "tokeniser of sacrebleu"),
    smooth: choice(["exp", "floor", "add-k", "none"], "smoothing of sacrebleu"),
    "effective-order": choice(["no", "yes"], "sacrebleu: leave orders out that no line has"),
  },
  reference: (request) => toolOf(request).reference,
  metricVersion: () => 2,
  plan,
  scorer(request) {
    const state = createBleuCounts();
    const { farthest, tokens: tokensBy } = toolOf(request);
    const tokens = tokensBy(request.options);
    return {
      state,
      score({ hypotheses, references }) {
        hypotheses.forEach((line, i) =>
          countSegment(state, {
            hypothesis: tokens(line, "hypothesis"),
            references: references.map((lines) => tokens(lines[i]!, "reference")),
          }, farthest)
        );
      },
    };
  },
  merge: (_, into, from) => mergeBleuCounts(into, from),
  outcome,
};

function toolOf({ options }: Request): BleuTool {
  return BLEU_TOOLS[options["tool"] as keyof typeof BLEU_TOOLS];
}

function plan(request: Request): Plan<Lines> {
  const tool = toolOf(request);
  const cut: string[] = [];
  const read = (path: string) => {
    if (tool.text !== "bytes") return utf8Lines(path, tool.text);
    const chopped = byteLines(path);
    if (chopped.cut) cut.push(`"${path}" does not end in a line feed: ${CHOPPED}`);
    return chopped.lines;
  };
  const paths = referencePaths(request.gt);
  const used = tool.manyReferences ? paths : paths.slice(0, 1);
  const hypotheses = read(request.pred);
  const references = used.map(read);
  if (hypotheses.length === 0) {
    throw new InputError(`Cannot score "${request.pred}": it has no line, and one is needed`);
  }
  const warnings = cut.concat(
    used.flatMap((path, i) => checkLines(request, path, references[i]!, hypotheses)),
  );
  if (used.length < paths.length) {
    warnings.push(
      `${paths.length} references were found and "${paths[0]}" alone is used, as by the tool`,
    );
  }
  if (request.options["tool"] === "compound" && hypotheses.some(isSplit)) {
    warnings.push("Lines that already hold ##AT##-##AT## were not split again");
  }
  const items: Lines[] = [];
  for (let at = 0; at < hypotheses.length; at += LINES) {
    const cut = (lines: readonly string[]) =>
      lines.slice(at, Math.min(at + LINES, hypotheses.length));
    items.push({ hypotheses: cut(hypotheses), references: references.map(cut) });
  }
  const estimatedSeconds = hypotheses.length * (1 + used.length) / 2 / LINES_PER_SECOND;
  return { items, estimatedSeconds, warnings };
}

/** A reference must have a line for each hypothesis; multi-bleu.perl does not read further lines. */
function checkLines(
  request: Request,
  path: string,
  lines: readonly string[],
  hypotheses: readonly string[],
): string[] {
  if (lines.length === hypotheses.length) return [];
  if (lines.length > hypotheses.length && toolOf(request).ignoresFurtherLines) {
    return [
      `"${path}" has ${lines.length} lines and the hypotheses ${hypotheses.length}: the further ` +
      `lines were ignored, as by the tool`,
    ];
  }
  throw new InputError(
    `Cannot score "${request.pred}" against "${path}": it has ${hypotheses.length} lines and the ` +
      `reference has ${lines.length}, and the same number is needed`,
  );
}

function outcome(request: Request, { items }: Plan<Lines>, counts: BleuCounts): Outcome {
  const result = compute(request, counts);
  const segments = items.reduce((sum, { hypotheses }) => sum + hypotheses.length, 0);
  const metrics: Record<string, number> = { bleu: result.bleu };
  result.precisions.forEach((value, n) => metrics[`precision_${n + 1}`] = value);
  return {
    inputs: { segments, references: items[0]!.references.length },
    metrics: {
      ...metrics,
      "brevity_penalty": result.brevityPenalty,
      ratio: result.hypothesisLength / result.referenceLength,
      "hyp_len": result.hypothesisLength,
      "ref_len": result.referenceLength,
    },
    perClass: {},
    warnings: [],
    work: { count: segments, unit: "segments" },
  };
}

function compute(request: Request, counts: BleuCounts): BleuResult {
  const { options, pred } = request;
  try {
    return toolOf(request).score(counts, {
      smoothing: options["smooth"] as Smoothing,
      effectiveOrder: options["effective-order"] === "yes",
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(
      `Cannot score "${pred}": ${error.message}, and one at least is needed (the tool divides by ` +
        `zero or prints 0)`,
      { cause: error },
    );
  }
}
