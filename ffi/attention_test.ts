import { assertEquals, assertThrows } from "@std/assert";
import { attention, type AttentionGroups, Context, KernelError, split, variants } from "./mod.ts";
import { assertClose, randomFloats, seeded, someOf, testEach } from "./testing.ts";

/** Rows, columns, heads, groups, queries and keys a group, masks; 0 masks: none. */
interface Sizes {
  readonly n: number;
  readonly m: number;
  readonly c: number;
  readonly heads: number;
  readonly groups: number;
  readonly queries: number;
  readonly keys: number;
  readonly masks: number;
}

/** What the op reads, on the host. */
interface Inputs {
  readonly query: Float32Array<ArrayBuffer>;
  readonly key: Float32Array<ArrayBuffer>;
  readonly value: Float32Array<ArrayBuffer>;
  readonly queries: Int32Array<ArrayBuffer>;
  readonly keys: Int32Array<ArrayBuffer>;
  readonly pad: { readonly key: Float32Array; readonly value: Float32Array } | null;
  readonly bias: Float32Array<ArrayBuffer> | null;
  readonly mask: Float32Array<ArrayBuffer> | null;
}

/** Some queries have no output, some keys are pads, some scores -infinity. */
function inputsOf(sizes: Sizes, padded: boolean, biased: boolean): Inputs {
  const { n, m, c, heads, groups, queries, keys, masks } = sizes;
  const next = seeded(7);
  const shuffled = Array.from({ length: n }, (_, i) => i).sort(() => next() - 0.5);
  const scores = (count: number, seed: number) =>
    randomFloats(count * queries * keys, seed).map((value, i) =>
      i % keys > 0 && next() < 0.1 ? -Infinity : 4 * value
    );
  return {
    query: randomFloats(n * c, 1).map((value) => 3 * value),
    key: randomFloats(m * c, 2),
    value: randomFloats(m * c, 3),
    queries: Int32Array.from(
      { length: groups * queries },
      (_, i) => next() < 0.1 ? -1 : shuffled[i] ?? -1,
    ),
    keys: Int32Array.from(
      { length: groups * keys },
      () => m === 0 || (padded && next() < 0.2) ? -1 : Math.floor(next() * m),
    ),
    pad: padded ? { key: randomFloats(c, 4), value: randomFloats(c, 5) } : null,
    bias: biased ? scores(heads, 6) : null,
    mask: masks > 0 ? scores(masks, 8) : null,
  };
}

/** The definition, in double. */
function attended(sizes: Sizes, inputs: Inputs, before: Float32Array): Float64Array {
  const { c, heads, queries, keys, masks } = sizes;
  const width = c / heads;
  const out = Float64Array.from(before);
  const rowOf = (rows: Float32Array, pad: Float32Array | undefined, row: number) =>
    row < 0 ? pad ?? new Float32Array(c) : rows.subarray(row * c, (row + 1) * c);
  inputs.queries.forEach((q, place) => {
    if (q < 0) return;
    const [group, i] = [Math.floor(place / queries), place % queries];
    const others = [...inputs.keys.subarray(group * keys, (group + 1) * keys)];
    for (let head = 0; head < heads; head++) {
      const scores = others.map((row, j) => {
        const key = rowOf(inputs.key, inputs.pad?.key, row);
        let sum = 0;
        for (let k = head * width; k < (head + 1) * width; k++) {
          sum += inputs.query[q * c + k]! * key[k]!;
        }
        const at = i * keys + j;
        return sum / Math.sqrt(width) + (inputs.bias?.[head * queries * keys + at] ?? 0) +
          (inputs.mask?.[group % masks * queries * keys + at] ?? 0);
      });
      const most = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - most));
      const total = shares.reduce((sum, share) => sum + share, 0);
      for (let k = head * width; k < (head + 1) * width; k++) {
        out[q * c + k] = others.reduce(
          (sum, row, j) =>
            sum + shares[j]! / total * rowOf(inputs.value, inputs.pad?.value, row)[k]!,
          0,
        );
      }
    }
  });
  return out;
}

/** The inputs on a device. */
function uploaded(ctx: Context, sizes: Sizes, inputs: Inputs, own: DisposableStack) {
  const { n, m, c, heads, groups, queries, keys, masks } = sizes;
  const floats = (shape: number[], values: Float32Array) =>
    own.use(ctx.tensorFrom("f32", shape, values));
  const given: AttentionGroups = {
    queries: own.use(ctx.tensorFrom("i32", [groups, queries], inputs.queries)),
    keys: own.use(ctx.tensorFrom("i32", [groups, keys], inputs.keys)),
    ...(inputs.pad &&
      { pad: { key: floats([c], inputs.pad.key), value: floats([c], inputs.pad.value) } }),
    ...(inputs.bias && { bias: floats([heads, queries, keys], inputs.bias) }),
    ...(inputs.mask && { mask: floats([masks, queries, keys], inputs.mask) }),
  };
  const rows = {
    query: floats([n, c], inputs.query),
    key: floats([m, c], inputs.key),
    value: floats([m, c], inputs.value),
  };
  return { rows, given };
}

/** A window of 7 x 7, one key, more keys than a register, odd widths, nothing. */
const SIZES: readonly Sizes[] = [
  { n: 0, m: 0, c: 4, heads: 2, groups: 0, queries: 3, keys: 2, masks: 0 },
  { n: 1, m: 1, c: 1, heads: 1, groups: 1, queries: 1, keys: 1, masks: 1 },
  { n: 9, m: 0, c: 6, heads: 2, groups: 2, queries: 4, keys: 3, masks: 0 },
  { n: 210, m: 200, c: 96, heads: 3, groups: 4, queries: 49, keys: 49, masks: 2 },
  { n: 40, m: 30, c: 21, heads: 3, groups: 2, queries: 17, keys: 33, masks: 2 },
  { n: 30, m: 500, c: 128, heads: 8, groups: 1, queries: 30, keys: 500, masks: 0 },
  { n: 50, m: 50, c: 80, heads: 2, groups: 5, queries: 9, keys: 16, masks: 1 },
];

testEach("attention() equals its definition in double, every variant", (ctx, setting) => {
  for (const sizes of someOf(setting, 3, SIZES)) {
    for (const [padded, biased] of [[true, true], [false, false]] as const) {
      const inputs = inputsOf(sizes, padded, biased);
      const before = randomFloats(sizes.n * sizes.c, 9);
      const expected = attended(sizes, inputs, before);
      using own = new DisposableStack();
      const { rows, given } = uploaded(ctx, sizes, inputs, own);
      using out = ctx.tensor("f32", [sizes.n, sizes.c]);
      variants(ctx.backend, "attention").forEach((variant, v) => {
        out.upload(before);
        attention(rows, given, out, sizes.heads, v);
        // Scores up to 30 in f32: their exponentials are right to 30 * 2^-23.
        const name = `${variant}, ${JSON.stringify(sizes)}, padded ${padded}`;
        assertClose(out.download(), expected, 1e-5, 1e-5, name);
      });
    }
  }
});

testEach("attention() of a query with NaN is NaN, and of no other, every variant", (ctx) => {
  const rows = randomFloats(4 * 8, 1);
  rows[8] = NaN;
  using query = ctx.tensorFrom("f32", [4, 8], rows);
  using key = ctx.tensorFrom("f32", [4, 8], randomFloats(32, 2));
  using queries = ctx.tensorFrom("i32", [1, 4], Int32Array.of(0, 1, 2, 3));
  using out = ctx.tensor("f32", [4, 8]);
  variants(ctx.backend, "attention").forEach((variant, v) => {
    attention({ query, key, value: key }, { queries, keys: queries }, out, 2, v);
    const found = [...out.download()].map((value) => isNaN(value));
    assertEquals(found, found.map((_, i) => i >= 8 && i < 12), variant);
  });
});

testEach("attention() refuses rows that are not there or named twice, every variant", (ctx) => {
  using x = ctx.tensorFrom("f32", [3, 8], randomFloats(24, 1));
  using out = ctx.tensor("f32", [3, 8]);
  const cases: readonly [number[], number[], string][] = [
    [[0, 3], [0, 1], "queries[1] = 3, query has fewer rows"],
    [[0, 1], [0, 3], "keys[1] = 3, key has fewer rows"],
    [[2, 2], [0, 1], "queries[1] = 2, which is named before"],
  ];
  for (const [q, k, text] of cases) {
    using queries = ctx.tensorFrom("i32", [1, 2], Int32Array.from(q));
    using keys = ctx.tensorFrom("i32", [1, 2], Int32Array.from(k));
    variants(ctx.backend, "attention").forEach((variant, v) => {
      const run = () => {
        attention({ query: x, key: x, value: x }, { queries, keys }, out, 2, v);
        out.download();
      };
      assertThrows(run, KernelError, text, variant);
    });
  }
});

Deno.test("attention() names what does not fit", () => {
  using ctx = new Context("cpu");
  using x = ctx.tensor("f32", [4, 8]);
  using queries = ctx.tensorFrom("i32", [2, 2], Int32Array.of(0, 1, 2, 3));
  using none = ctx.tensor("i32", [2, 0]);
  using mask = ctx.tensor("f32", [3, 2, 2]);
  const rows = { query: x, key: x, value: x };
  using out = ctx.tensor("f32", [4, 8]);
  const refuses = (given: AttentionGroups, heads: number, text: string) =>
    assertThrows(() => attention(rows, given, out, heads), KernelError, text);
  refuses({ queries, keys: none }, 2, "keys: dimension 1 is 0");
  refuses({ queries, keys: queries }, 3, "8 columns in 3 heads, and equal parts are needed");
  refuses({ queries, keys: queries, mask }, 2, "mask is for 3 groups, and a divisor of the 2");
  refuses({ queries, keys: queries, bias: mask }, 2, "bias: dimension 0 is 3, not 2");
});

testEach("split() parts columns as concat() joins them, every variant", (ctx) => {
  for (const [a, b] of [[0, 3], [3, 0], [5, 16], [118, 80], [8, 4]] as const) {
    const n = 50;
    const x = randomFloats(n * (a + b), 1);
    using xOn = ctx.tensorFrom("f32", [n, a + b], x);
    using left = ctx.tensor("f32", [n, a]);
    using right = ctx.tensor("f32", [n, b]);
    const rows = Array.from(
      { length: n },
      (_, i) => [...x.subarray(i * (a + b), (i + 1) * (a + b))],
    );
    variants(ctx.backend, "split").forEach((variant, v) => {
      left.upload(new Float32Array(n * a));
      right.upload(new Float32Array(n * b));
      split(xOn, left, right, v);
      assertEquals([...left.download()], rows.flatMap((row) => row.slice(0, a)), variant);
      assertEquals([...right.download()], rows.flatMap((row) => row.slice(a)), variant);
    });
  }
});
