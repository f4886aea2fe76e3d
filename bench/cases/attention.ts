/** Attention as BEVFusion has it: in the windows of six images, and of 200 queries to a map. */
import { attention, type Context } from "../../ffi/mod.ts";
import type { Case, Instance, Problem } from "../case.ts";
import { F32_SUM } from "../harness/check.ts";
import { randomFloats } from "../harness/random.ts";

/** Groups of `queries` rows that look at `keys` rows, which may be the same; with a bias or not. */
interface AttentionSize {
  readonly groups: number;
  readonly queries: number;
  readonly keys: number;
  readonly c: number;
  readonly heads: number;
  readonly biased: boolean;
}

const ascending = (length: number) => Int32Array.from({ length }, (_, row) => row);

function attentionProblem(size: AttentionSize): Problem {
  const { groups, queries, keys, c } = size;
  return {
    params: {},
    // Two products of every query and key.
    flops: 4 * groups * queries * keys * c,
    bytes: 4 * groups * c * 2 * (queries + keys),
    tolerance: () => F32_SUM,
    create: (ctx) => attentionInstance(ctx, size),
  };
}

function attentionInstance(ctx: Context, size: AttentionSize): Instance {
  const { groups, queries, keys, c, heads, biased } = size;
  using stack = new DisposableStack();
  const floats = (shape: number[], seed: number) => {
    const length = shape.reduce((product, n) => product * n, 1);
    return stack.use(ctx.tensorFrom("f32", shape, randomFloats(length, seed)));
  };
  const rows = (each: number) =>
    stack.use(ctx.tensorFrom("i32", [groups, each], ascending(groups * each)));
  const read = {
    query: floats([groups * queries, c], 1),
    key: floats([groups * keys, c], 2),
    value: floats([groups * keys, c], 3),
  };
  const among = {
    queries: rows(queries),
    keys: rows(keys),
    ...(biased && { bias: floats([heads, queries, keys], 4) }),
  };
  const out = stack.use(ctx.tensor("f32", [groups * queries, c]));
  const owned = stack.move();
  return {
    bind(name) {
      const variant = ctx.variant("attention", name);
      return () => attention(read, among, out, heads, variant);
    },
    output: () => [{ name: "out", values: out.download() }],
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** Swin-T's first stage on six images of 256 x 704, and TransFusion's look at its BEV map. */
const SIZES: readonly AttentionSize[] = [
  { groups: 6 * 10 * 26, queries: 49, keys: 49, c: 96, heads: 3, biased: true },
  { groups: 1, queries: 200, keys: 180 * 180, c: 128, heads: 8, biased: false },
];

export const attentionCases: readonly Case[] = SIZES.map((size) => {
  const { groups, queries, keys, c, heads } = size;
  return {
    op: "attention",
    tier: "full",
    params: { groups, queries, keys, c, heads },
    prepare: () => attentionProblem(size),
  };
});
