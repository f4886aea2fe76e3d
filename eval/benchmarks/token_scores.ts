/** Token scores of a language model by sentence: raw float32 with a file of lengths, .npy, or text. */
import { InputError } from "../../std/errors.ts";
import { NpyFile } from "./npy_file.ts";
import { utf8Lines } from "./text_lines.ts";
import { openForReading, readFull } from "./files.ts";

/** Scores are read whole, in double precision. */
const MAX_TOKENS = 2 ** 26;

/** Scores of a file: float32 without a header, a .npy file, or text with white space between. */
export function readScores(path: string): Float64Array {
  if (path.endsWith(".npy")) return npyScores(path);
  return path.endsWith(".f32") ? rawScores(path) : textScores(path);
}

/** Tokens of each sentence: a whole number a line. */
export function readLengths(path: string): number[] {
  return utf8Lines(path, "newline").map((line, i) => {
    const text = line.trim();
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw new InputError(
      `Cannot read "${path}": line ${i + 1} is ${JSON.stringify(text.slice(0, 40))}, and the ` +
        `number of a sentence's tokens is needed`,
    );
  });
}

function npyScores(path: string): Float64Array {
  using file = new NpyFile(path);
  requireTokens(path, file.count);
  const scores = new Float64Array(file.count);
  file.readNumbers(scores);
  return scores;
}

function rawScores(path: string): Float64Array {
  using file = openForReading(path);
  const { size } = file.statSync();
  if (size % Float32Array.BYTES_PER_ELEMENT !== 0) {
    throw new InputError(
      `Cannot read "${path}": it has ${size} bytes, and 4 bytes a token are needed`,
    );
  }
  const scores = new Float32Array(requireTokens(path, size / Float32Array.BYTES_PER_ELEMENT));
  readFull(file, path, new Uint8Array(scores.buffer));
  return Float64Array.from(scores);
}

function textScores(path: string): Float64Array {
  const scores: number[] = [];
  utf8Lines(path, "newline").forEach((line, i) => {
    for (const word of line.trim().split(/\s+/)) {
      if (word === "") continue;
      const value = numberOf(word);
      if (value === undefined) {
        throw new InputError(
          `Cannot read "${path}": line ${i + 1} has ${JSON.stringify(word.slice(0, 40))}, and ` +
            `numbers are needed`,
        );
      }
      scores.push(Math.fround(value));
    }
  });
  return Float64Array.from(scores);
}

/** A number as Python's `float()` takes it, or undefined. */
function numberOf(word: string): number | undefined {
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(word);
  if (infinite !== null) return infinite[1] === "-" ? -Infinity : Infinity;
  if (/^[+-]?nan$/i.test(word)) return NaN;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(word) ? Number(word) : undefined;
}

function requireTokens(path: string, tokens: number): number {
  if (tokens <= MAX_TOKENS) return tokens;
  throw new InputError(
    `Cannot read "${path}": it has ${tokens} tokens, and at most ${MAX_TOKENS} are read`,
  );
}
