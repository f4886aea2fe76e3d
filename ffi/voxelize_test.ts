import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  assertClose,
  coordsTensor,
  randomCoords,
  randomFloats,
  seeded,
  sortedUnique,
  testEach,
} from "./testing.ts";
import {
  Context,
  devoxelize,
  devoxelizeMap,
  groupVoxels,
  hashInsert,
  hashQuery,
  KernelError,
  quantize,
  type Reduction,
  variants,
  voxelReduce,
} from "./mod.ts";

const SCENES: Readonly<Record<string, Int32Array>> = {
  "no point": new Int32Array(0),
  "one point": Int32Array.of(3, -7, 0, 131071),
  "all points in one voxel": new Int32Array(4 * 1000),
  "many points a voxel": randomCoords(5000, 9, 1, -4, 3),
  "few points a voxel": randomCoords(20000, 60, 2, -30),
  "keys of 63 bits": Int32Array.from({ length: 4 * 64 }, (_, i) => {
    const bit = (i >> 2) >> (i % 4) & 1;
    return i % 4 === 0 ? bit * 511 : bit ? 131071 : -131072;
  }),
};

testEach("voxelize() groups equal coordinates, every variant", (ctx) => {
  for (const [name, coords] of Object.entries(SCENES)) {
    const expected = sortedUnique(coords);
    using points = coordsTensor(ctx, coords);
    variants(ctx.backend, "voxelize").forEach((variant, v) => {
      using voxels = groupVoxels(points, v);
      assertEquals(voxels.coords.download(), expected, `${variant}, ${name}`);
      const [inverse, order, starts] = [voxels.inverse, voxels.order, voxels.starts]
        .map((tensor) => tensor.download());
      inverse!.forEach((m, i) =>
        assertEquals([...expected.subarray(m * 4, m * 4 + 4)], [
          ...coords.subarray(i * 4, i * 4 + 4),
        ])
      );
      for (let m = 0; m < voxels.coords.rows; m++) {
        const members = [...order!.subarray(starts![m], starts![m + 1])];
        assert(members.length > 0, `${variant}, ${name}: voxel ${m} is empty`);
        assertEquals(members, members.toSorted((a, b) => a - b));
        assert(members.every((i) => inverse![i] === m));
      }
      assertEquals(starts!.at(-1), coords.length / 4);
    });
  }
});

testEach("voxelReduce() equals sums in double, every variant and reduction", (ctx) => {
  const coords = SCENES["many points a voxel"]!;
  const n = coords.length / 4;
  using points = coordsTensor(ctx, coords);
  using voxels = groupVoxels(points);
  const [order, starts] = [voxels.order.download(), voxels.starts.download()];
  for (const c of [1, 4, 7, 33]) {
    const values = randomFloats(n * c, 3);
    using feats = ctx.tensorFrom("f32", [n, c], values);
    using out = ctx.tensor("f32", [voxels.coords.rows, c]);
    const reduce: Record<Reduction, (v: number[]) => number> = {
      first: (v) => v[0]!,
      mean: (v) => v.reduce((a, b) => a + b) / v.length,
      sum: (v) => v.reduce((a, b) => a + b),
      max: (v) => Math.max(...v),
    };
    for (const [reduction, of] of Object.entries(reduce)) {
      const expected: number[] = [];
      for (let m = 0; m < voxels.coords.rows; m++) {
        const rows = [...order.subarray(starts[m], starts[m + 1])];
        for (let k = 0; k < c; k++) expected.push(of(rows.map((i) => values[i * c + k]!)));
      }
      variants(ctx.backend, "voxel_reduce").forEach((variant, v) => {
        voxelReduce(feats, voxels.order, voxels.starts, out, reduction as Reduction, v);
        assertClose(out.download(), expected, 1e-5, 1e-6, `${variant} ${reduction} c=${c}`);
      });
    }
  }
});

testEach("quantize() floors and rounds half to even in f32, every variant", (ctx) => {
  const values = randomFloats(3000 * 4, 4).map((v) => v * 80);
  values.set([0.025, -0.025, 0.075, 1], 0);
  values.set([-0.05, 0.05, -1e-9, 1], 4);
  using points = ctx.tensorFrom("f32", [3000, 4], values);
  using batch = ctx.tensorFrom("i32", [3000], randomCoords(3000, 512, 5).subarray(0, 3000).fill(2));
  using coords = ctx.tensor("i32", [3000, 4]);
  const f = Math.fround;
  const even = (v: number) => {
    const r = Math.round(v);
    return Math.abs(v % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
  };
  for (const rounding of ["floor", "round"] as const) {
    const expected = Array.from({ length: 3000 * 4 }, (_, i) => {
      if (i % 4 === 0) return 2;
      const scaled = f(f(values[i - 1]! - f(0.5)) / f(0.05));
      return (rounding === "floor" ? Math.floor(scaled) : even(scaled)) + 0;
    });
    variants(ctx.backend, "quantize").forEach((variant, v) => {
      quantize(points, batch, coords, [0.05, 0.05, 0.05], [0.5, 0.5, 0.5], rounding, v);
      assertEquals([...coords.download()], expected, `${variant} ${rounding}`);
    });
  }
});

testEach("quantize() names the first point that is not finite or out of range", (ctx) => {
  const bad: [number[], string][] = [
    [[1, 2, 3, 4, NaN, 6, Infinity, 8, 9], "point 1 has y = nan, not finite"],
    [[1, 2, -Infinity], "point 0 has z = -inf, not finite"],
    [[1, 2, 3, 7000, 2, 3], "point 1 has x = 7000, voxel 140000, not in [-131072, 131071]"],
  ];
  for (const [values, text] of bad) {
    const n = values.length / 3;
    using points = ctx.tensorFrom("f32", [n, 3], Float32Array.from(values));
    using coords = ctx.tensor("i32", [n, 4]);
    variants(ctx.backend, "quantize").forEach((variant, v) => {
      assertThrows(
        () => {
          quantize(points, null, coords, [0.05, 0.05, 0.05], [0, 0, 0], "floor", v);
          coords.download();
        },
        KernelError,
        text,
        variant,
      );
    });
  }
});

testEach("hashInsert() and hashQuery() find what was inserted and nothing else", (ctx) => {
  for (const [name, coords] of Object.entries(SCENES)) {
    const n = coords.length / 4;
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * n)));
    const first = new Map<string, number>();
    for (let i = n - 1; i >= 0; i--) first.set(coords.subarray(i * 4, i * 4 + 4).join(), i);
    const probes = Int32Array.from([...coords, ...randomCoords(2000, 90, 8, -45, 4)]);
    probes.set([0, 131072, 0, 0], Math.max(0, probes.length - 4));
    using inserted = coordsTensor(ctx, coords);
    using queries = coordsTensor(ctx, probes);
    using keys = ctx.tensor("i64", [capacity]);
    using rows = ctx.tensor("i32", [capacity]);
    using found = ctx.tensor("i32", [queries.rows]);
    const expected = Array.from(
      { length: queries.rows },
      (_, i) => first.get(probes.subarray(i * 4, i * 4 + 4).join()) ?? -1,
    );
    variants(ctx.backend, "hash_insert").forEach((insert, i) => {
      hashInsert(inserted, keys, rows, i);
      variants(ctx.backend, "hash_query").forEach((query, q) => {
        hashQuery(keys, rows, queries, found, q);
        assertEquals([...found.download()], expected, `${insert}, ${query}, ${name}`);
      });
    });
  }
});

Deno.test("hashInsert() refuses coordinates out of range and tables that are too small", () => {
  using ctx = new Context("cpu");
  using coords = coordsTensor(ctx, Int32Array.of(0, 1, 2, 3, 512, 0, 0, 0));
  using keys = ctx.tensor("i64", [4]);
  using rows = ctx.tensor("i32", [4]);
  assertThrows(
    () => hashInsert(coords, keys, rows),
    KernelError,
    "row 1 has batch = 512, not in [0, 511]",
  );
  using two = ctx.tensor("i64", [2]);
  using twoRows = ctx.tensor("i32", [2]);
  assertThrows(() => hashInsert(coords, two, twoRows), KernelError, "at least 4 are needed");
});

/** TorchSparse 1.4's weights, written again from its formula: x slowest, f32 at every step. */
function trilinear(p: readonly number[], stride: number, has: (cell: number[]) => number) {
  const f = Math.fround;
  const low = p.map((v) => f(Math.floor(f(v / stride)) * stride));
  const index: number[] = [];
  const weight: number[] = [];
  for (let t = 0; t < 8; t++) {
    const up = [t >> 2 & 1, t >> 1 & 1, t & 1];
    index.push(has(low.map((l, i) => l / stride + up[i]!)));
    const part = low.map((l, i) => up[i] ? f(p[i]! - l) : f(f(l + stride) - p[i]!));
    const product = f(f(f(part[0]! * part[1]!) * part[2]!) / stride ** 3);
    weight.push(index[t]! < 0 ? 0 : product);
  }
  const sum = f(weight.reduce((a, b) => f(a + b), 0) + f(1e-8));
  return { index, weight: weight.map((w) => f(w / sum)) };
}

testEach("devoxelizeMap() and devoxelize() equal TorchSparse's formula, every variant", (ctx) => {
  const next = seeded(11);
  for (const stride of [1, 2, 8]) {
    const coords = sortedUnique(randomCoords(300, Math.ceil(12 / stride) + 1, 9, -2, 2));
    const row = new Map<string, number>();
    for (let i = 0; i < coords.length / 4; i++) {
      row.set(coords.subarray(i * 4, i * 4 + 4).join(), i);
    }
    const n = 400;
    const at = Float32Array.from(
      { length: n * 4 },
      (_, i) => i % 4 === 0 ? Math.floor(next() * 2) : next() * 14 - 2,
    );
    at.set([0, 3, -2, 1, 1, 2.5, 2.5, 2.5, 0, 1e6, 0, 0]);
    using positions = ctx.tensorFrom("f32", [n, 4], at);
    using voxels = coordsTensor(ctx, coords);
    using feats = ctx.tensorFrom(
      "f32",
      [coords.length / 4, 5],
      randomFloats(coords.length / 4 * 5, 4),
    );
    const values = feats.download();
    for (const t of [1, 8]) {
      const expected = Array.from({ length: n }, (_, i) => {
        const [b, ...p] = at.subarray(i * 4, i * 4 + 4);
        const has = (cell: number[]) => row.get([b, ...cell].join()) ?? -1;
        if (t === 8) return trilinear(p, stride, has);
        const own = has(p.map((v) => Math.floor(v / stride) + 0));
        return { index: [own], weight: [own < 0 ? 0 : 1] };
      });
      using index = ctx.tensor("i32", [n, t]);
      using weight = ctx.tensor("f32", [n, t]);
      using out = ctx.tensor("f32", [n, 5]);
      variants(ctx.backend, "devoxelize_map").forEach((variant, v) => {
        devoxelizeMap(positions, voxels, index, weight, stride, v);
        assertEquals([...index.download()], expected.flatMap((e) => e.index), variant);
        const weights = expected.flatMap((e) => e.weight);
        assertClose(weight.download(), weights, 1e-7, 1e-6, variant);
      });
      const sums = expected.flatMap((e) =>
        [0, 1, 2, 3, 4].map((k) =>
          e.index.reduce((s, r, j) => r < 0 ? s : s + e.weight[j]! * values[r * 5 + k]!, 0)
        )
      );
      variants(ctx.backend, "devoxelize").forEach((variant, v) => {
        devoxelize(feats, index, weight, out, v);
        assertClose(out.download(), sums, 1e-6, 1e-6, variant);
      });
    }
  }
});

Deno.test("devoxelize() refuses voxel rows that do not exist", () => {
  using ctx = new Context("cpu");
  using feats = ctx.tensor("f32", [2, 3]);
  using index = ctx.tensorFrom("i32", [2, 1], Int32Array.of(0, 2));
  using out = ctx.tensor("f32", [2, 3]);
  assertThrows(
    () => devoxelize(feats, index, null, out),
    KernelError,
    "index[1][0] = 2, feats has 2 rows",
  );
});
