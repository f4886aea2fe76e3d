import { InputError } from "../../std/errors.ts";
import type { Dataset, Part } from "../dataset.ts";
import { exists } from "../frames.ts";
import { sourceKey } from "../parts.ts";
import { pathInside } from "../record_fields.ts";
import type { Scan } from "../scan.ts";
import { countLines, readLines } from "./lines.ts";

/** Pairs of a sample: one a sample would cost more in headers than in text. */
export const BLOCK = 1000;

/**
 * Pairs of texts, line by line of two files: translations, summaries, predictions. `--sequences`
 * names the pairs, "train.de:train.en"; without it, two files that differ in their ending alone are
 * a pair. A sample is a block of {@linkcode BLOCK} pairs.
 */
export const textPairs: Dataset = {
  metadata: {
    dataset: "text-pairs",
    version: 1,
    source: "text files of the folder that was converted",
    licence: "unknown: that of the source",
    sensor: "none",
    classes: { 0: "none" },
    texts: ["source", "target"],
  },
  options: ["sequences"],
  async parts(src, { sequences }) {
    const pairs = sequences?.map((text) => namedPair(src, text)) ?? await pairsIn(src);
    const parts: Part[] = [];
    for (const pair of pairs) parts.push(await pairPart(src, pair));
    return parts;
  },
};

interface Pair {
  readonly name: string;
  readonly source: string;
  readonly target: string;
}

function namedPair(src: string, text: string): Pair {
  const [source = "", target = "", ...rest] = text.split(":");
  if (source === "" || target === "" || rest.length > 0) {
    throw new InputError(
      `Cannot convert "${src}": the pair "${text}" is not of the form SOURCE:TARGET`,
    );
  }
  for (const name of [source, target]) pathInside(src, name, `the pair "${text}"`);
  return { name: `${source}-${target}`, source, target };
}

async function pairsIn(src: string): Promise<Pair[]> {
  if (!(await exists(src))) {
    throw new InputError(`Cannot convert "${src}": there is no such folder`);
  }
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(src)) {
    if (isFile && /^[^.].*\.[A-Za-z]+$/.test(name)) names.push(name);
  }
  const stem = (name: string) => name.slice(0, name.lastIndexOf("."));
  const pairs = [...Map.groupBy(names.sort(), stem)].filter(([, files]) => files.length === 2)
    .map(([name, [source, target]]) => ({ name, source: source!, target: target! }));
  if (pairs.length > 0) return pairs;
  throw new InputError(
    `Cannot convert "${src}": no two of its ${names.length} files differ in their ending alone ` +
      `(train.de, train.en); --sequences SOURCE:TARGET names a pair`,
  );
}

async function pairPart(src: string, { name, source, target }: Pair): Promise<Part> {
  const paths = [`${src}/${source}`, `${src}/${target}`];
  const [lines = 0, others = 0] = await Promise.all(paths.map(countLines));
  if (lines !== others || lines === 0) {
    throw new InputError(
      `Cannot convert "${paths[0]}" and "${
        paths[1]
      }": they have ${lines} and ${others} lines, and ` +
        `as many of each are needed`,
    );
  }
  const part = name.replace(/[^A-Za-z0-9._-]/g, "_");
  return {
    name: part,
    length: Math.ceil(lines / BLOCK),
    key: await sourceKey(paths),
    scans: (from, to) => readPairs(part, paths as [string, string], from, to),
  };
}

async function* readPairs(
  part: string,
  [source, target]: [string, string],
  from: number,
  to: number,
): AsyncGenerator<Scan> {
  const others = readLines(target)[Symbol.asyncIterator]();
  let texts: string[] = [];
  let line = 0;
  const sample = (block: number): Scan => ({
    id: `${part}/${block}`,
    points: new Float32Array(0),
    texts,
  });
  for await (const text of readLines(source)) {
    const block = Math.floor(line / BLOCK);
    const { value: other } = await others.next();
    if (block >= from && block < to) texts.push(text, other ?? "");
    line++;
    if (line % BLOCK !== 0 || texts.length === 0) continue;
    yield sample(block);
    texts = [];
    if (block + 1 >= to) return;
  }
  if (texts.length > 0) yield sample(Math.floor(line / BLOCK));
}
