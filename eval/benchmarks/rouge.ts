import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import { trimPython } from "../metrics/python_text.ts";
import { rouge, type RougeState } from "../metrics/rouge.ts";
import { SentenceLengthError } from "../metrics/rouge_document.ts";
import { rememberingStemmer, sentencesOf, type Stemmer } from "../metrics/rouge_text.ts";
import { utf8Lines } from "./text_lines.ts";
import { isFile, join } from "./files.ts";

/** Documents that are scored together. */
interface Documents {
  readonly lines: readonly { readonly line: number; readonly gt: string; readonly pred: string }[];
}

/** Documents an item: tens of milliseconds of work. */
const LINES = 64;
/** Measured on documents of 60 words. */
const LINES_PER_SECOND = 2e4;

/** ROUGE of a text file, a document a line, as files2rouge prints it. */
export const rougeBenchmark: Benchmark<Documents, RougeState> = {
  summary: "summarisation: ROUGE-1, ROUGE-2 and ROUGE-L of text files, a document a line",
  paths: {
    gt: 'file of references, a document a line, sentences end in " ."',
    pred: "file of summaries, as many lines",
  },
  options: {
    stem: {
      choices: ["yes", "no"],
      fallback: "yes",
      help: "compare stems (files2rouge) or words (files2rouge -nm)",
    },
    exceptions: {
      value: "DIR",
      fallback: "none",
      help: "folder of WordNet's *.exc files; files2rouge is shipped with an empty list of them",
      needed: () => undefined,
    },
    empty: {
      choices: ["error", "skip"],
      fallback: "error",
      help: "documents that are empty on a side: stop, or leave them out (files2rouge -ir -is)",
    },
  },
  reference: () => rouge.reference,
  metricVersion: () => rouge.version,
  plan,
  scorer(request) {
    const state = rouge.create();
    const stemmer = stemmerOf(request);
    return {
      state,
      score({ lines }) {
        for (const { line, gt, pred } of lines) {
          update(request, state, {
            line,
            reference: sentencesOf(gt, stemmer),
            hypothesis: sentencesOf(pred, stemmer),
          });
        }
      },
    };
  },
  merge: (_, into, from) => rouge.merge(into, from),
  outcome,
};

function stemmerOf({ options }: Request): Stemmer {
  if (options["stem"] === "no") return (token) => token;
  return options["exceptions"] === "none"
    ? rememberingStemmer()
    : rememberingStemmer(readExceptions(options["exceptions"]!));
}

/** In the order in which they are read: of a word that is in two, the base of the later counts. */
const EXCEPTION_FILES = ["noun.exc", "adv.exc", "verb.exc", "adj.exc"];

/** Base form by word, from the first two words of each line. */
function readExceptions(folder: string): Map<string, string> {
  const exceptions = new Map<string, string>();
  const files = EXCEPTION_FILES.map((name) => join(folder, name)).filter(isFile);
  if (files.length === 0) {
    throw new InputError(
      `Cannot read --exceptions "${folder}": it has no file ${EXCEPTION_FILES.join(", ")}, and ` +
        `WordNet's are needed`,
    );
  }
  for (const file of files) {
    for (const line of utf8Lines(file, "newline")) {
      const [word, base] = line.split(/\s+/);
      if (word !== "" && base !== undefined) exceptions.set(word!, base);
    }
  }
  return exceptions;
}

function plan(request: Request): Plan<Documents> {
  const { gt, pred, options } = request;
  stemmerOf(request); // Tells of a folder that cannot be read before the work.
  const references = utf8Lines(gt, "universal").map(trimPython);
  const summaries = utf8Lines(pred, "universal").map(trimPython);
  if (references.length !== summaries.length) {
    throw new InputError(
      `Cannot score "${pred}" against "${gt}": it has ${summaries.length} lines and the reference ` +
        `has ${references.length}, and the same number is needed`,
    );
  }
  const isEmpty = (_: unknown, i: number) => references[i] === "" || summaries[i] === "";
  const empty = references.findIndex(isEmpty);
  if (empty >= 0 && options["empty"] === "error") {
    const path = references[empty] === "" ? gt : pred;
    throw new InputError(
      `Cannot score "${path}": line ${
        empty + 1
      } is empty, and a document is needed (--empty skip ` +
        `leaves such lines out)`,
    );
  }
  const lines = references.map((text, line) => ({ line, gt: text, pred: summaries[line]! }))
    .filter(({ line }) => !isEmpty(undefined, line));
  if (lines.length === 0) {
    throw new InputError(`Cannot score "${pred}": it has no document, and one is needed`);
  }
  const items: Documents[] = [];
  for (let at = 0; at < lines.length; at += LINES) {
    items.push({ lines: lines.slice(at, at + LINES) });
  }
  return {
    items,
    estimatedSeconds: lines.length / LINES_PER_SECOND,
    warnings: lines.length === references.length
      ? []
      : [`${references.length - lines.length} lines that are empty on a side were left out`],
  };
}

function update(request: Request, state: RougeState, sample: Parameters<typeof rouge.update>[1]) {
  try {
    rouge.update(state, sample);
  } catch (error) {
    if (!(error instanceof SentenceLengthError)) throw error;
    throw new InputError(
      `Cannot score line ${sample.line + 1} of "${request.pred}": a sentence of ` +
        `${error.hypothesis} words is compared with one of ${error.reference}, and sentences that ` +
        `end in " ." are needed`,
      { cause: error },
    );
  }
}

const NAMES = ["rouge1", "rouge2", "rougeL"];
const PARTS = ["r", "p", "f"];

function outcome(_: Request, __: Plan<Documents>, state: RougeState): Outcome {
  const metrics: Record<string, number> = {};
  rouge.compute(state).forEach(({ value, low, high }, k) => {
    const name = `${NAMES[Math.floor(k / 3)]}_${PARTS[k % 3]}`;
    metrics[name] = value;
    metrics[`${name}_low`] = low;
    metrics[`${name}_high`] = high;
  });
  return {
    inputs: { documents: state.lines.length },
    metrics,
    perClass: {},
    warnings: [],
    work: { count: state.lines.length, unit: "documents" },
  };
}
