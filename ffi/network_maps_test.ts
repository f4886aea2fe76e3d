import { assertEquals, assertThrows } from "@std/assert";
import {
  type Context,
  cutLevels,
  type Geometry,
  geometry,
  KernelError,
  kernelMap,
  kernelVolume,
  type NetworkMapOptions,
  networkMaps,
  Plan,
  stridedMap,
  type Tensor,
  variants,
} from "./mod.ts";
import { coordsTensor, randomCoords, sortedUnique, testEach } from "./testing.ts";

type I32 = Tensor<"i32">;
interface Layers {
  readonly stride: Geometry;
  readonly layer: Geometry;
}

const SUBM = geometry(3);
/** MinkUNet's, and a layer whose inputs have several outputs, one of them with a wider kernel. */
const NETWORKS: Readonly<Record<string, readonly Layers[]>> = {
  minkunet: [1, 2, 3, 4].map(() => ({ stride: geometry(2, 2), layer: SUBM })),
  overlapping: [{ stride: geometry(3, 2), layer: geometry(5) }, {
    stride: geometry(2, 2),
    layer: geometry(1),
  }],
  flat: [],
  /** Kernel = stride, of other sizes; the first keeps voxels where they are. */
  uneven: [[1, 1, 1], [1, 3, 3], [2, 1, 3]].map(([x, y, z]) => {
    const kernel = [x!, y!, z!] as const;
    return { stride: { kernel, stride: kernel, dilation: [1, 1, 1] }, layer: SUBM };
  }),
};

/** Tensors for a network over `coords`, every level with `room` rows. */
function levelsOn(ctx: Context, stack: DisposableStack, layers: readonly Layers[], room: number) {
  const i32 = (shape: readonly number[]) => stack.use(ctx.tensor("i32", shape));
  return layers.map(({ stride, layer }) => ({
    stride,
    layer,
    coords: i32([room, 4]),
    strided: i32([kernelVolume(stride), room]),
    map: i32([kernelVolume(layer), room]),
  }));
}

/** What the ops give one by one. */
function singly(ctx: Context, coords: I32, layers: readonly Layers[], room: number): Int32Array[] {
  using stack = new DisposableStack();
  using count = ctx.tensor("i64", [1]);
  const mapOf = (at: I32, layer: Geometry) => {
    const map = stack.use(ctx.tensor("i32", [kernelVolume(layer), at.rows]));
    kernelMap(at, at, map, layer);
    return map.download();
  };
  let finer = coords;
  const found: Int32Array[] = [mapOf(coords, SUBM)];
  for (const level of levelsOn(ctx, stack, layers, room)) {
    stridedMap(finer, level.coords, level.strided, count, level.stride);
    const m = Number(count.download()[0]);
    finer = level.coords.setRows(m);
    found.push(finer.download(), level.strided.setColumns(m).download());
    found.push(mapOf(finer, level.layer));
  }
  return found;
}

/** A call of networkMaps over `coords`, and what it gave. */
function together(ctx: Context, stack: DisposableStack, coords: I32, name: string, room: number) {
  const levels = levelsOn(ctx, stack, NETWORKS[name]!, room);
  const map = stack.use(ctx.tensor("i32", [27, coords.rows]));
  const counts = stack.use(ctx.tensor("i64", [levels.length]));
  const widen = () => {
    for (const level of levels) {
      level.coords.setRows(room);
      for (const tensor of [level.strided, level.map]) tensor.setColumns(room);
    }
  };
  return {
    run: (options?: NetworkMapOptions) =>
      networkMaps(coords, { layer: SUBM, map }, levels, counts, options),
    widen,
    read: (): Int32Array[] => {
      cutLevels(levels, counts);
      const tensors = levels.flatMap((level) => [level.coords, level.strided, level.map]);
      return [map, ...tensors].map((tensor) => tensor.download());
    },
    /** The same of maps that keep their columns; what lies behind the rows must be -1. */
    readPadded: (rows: number): Int32Array[] => {
      const there = Array.from(counts.download(), Number);
      const tensors = levels.flatMap((level, i) => [
        level.coords.download().slice(0, 4 * there[i]!),
        packed(level.strided, there[i]!),
        packed(level.map, there[i]!),
      ]);
      return [packed(map, rows), ...tensors];
    },
  };
}

/** The first columns of a map; the others must name no row. */
function packed(map: I32, columns: number): Int32Array {
  const [kv, room] = map.shape as [number, number];
  const entries = map.download();
  const rows = Array.from({ length: kv }, (_, k) => entries.slice(k * room, (k + 1) * room));
  for (const row of rows) assertEquals(row.slice(columns).every((entry) => entry === -1), true);
  return Int32Array.from(rows.flatMap((row) => [...row.slice(0, columns)]));
}

/** Seeded coordinates in a tensor that has room for more, with what is no coordinate behind them. */
function coordsWithRoom(ctx: Context, stack: DisposableStack, room: number) {
  const coords = stack.use(ctx.tensor("i32", [room, 4]));
  const rows = stack.use(ctx.tensor("i64", [1]));
  return {
    coords,
    rows,
    fill: (xyz: Int32Array): number => {
      const n = xyz.length / 4;
      const all = new Int32Array(4 * room).fill(1 << 20);
      all.set(xyz);
      coords.upload(all);
      rows.upload(BigInt64Array.of(BigInt(n)));
      return n;
    },
  };
}

function singlyOf(ctx: Context, xyz: Int32Array, name: string, room: number): Int32Array[] {
  using coords = coordsTensor(ctx, xyz);
  return singly(ctx, coords, NETWORKS[name]!, room);
}

testEach("the maps of a network in one call are those of its single calls", (ctx) => {
  for (const [name, layers] of Object.entries(NETWORKS)) {
    for (const n of [0, 1, 150]) {
      using stack = new DisposableStack();
      const coords = stack.use(coordsTensor(ctx, sortedUnique(randomCoords(n, 9, 1, -4, 2))));
      const room = 8 * n + 3;
      const call = together(ctx, stack, coords, name, room);
      call.run();
      assertEquals(call.read(), singly(ctx, coords, layers, room), `${name}, ${n} voxels`);
    }
  }
});

testEach("the maps of a network are right at the borders of the range", (ctx) => {
  for (const low of [-131072, 131072 - 40]) {
    using stack = new DisposableStack();
    const xyz = sortedUnique(randomCoords(300, 40, 1, low, 3));
    const coords = stack.use(coordsTensor(ctx, xyz));
    const call = together(ctx, stack, coords, "uneven", coords.rows);
    call.run();
    assertEquals(call.read(), singly(ctx, coords, NETWORKS.uneven!, coords.rows), `from ${low}`);
  }
});

testEach("a plan of them takes other coordinates, with another number of rows below", (ctx) => {
  using stack = new DisposableStack();
  const xyz = sortedUnique(randomCoords(90, 9, 1));
  const coords = stack.use(coordsTensor(ctx, xyz));
  const call = together(ctx, stack, coords, "minkunet", coords.rows);
  const plan = stack.use(Plan.record(ctx, () => call.run()));
  const other = xyz.map((value, i) => i % 4 === 0 ? 0 : 3 * value);
  for (const values of [xyz, other]) {
    coords.upload(values);
    call.widen();
    plan.run();
    assertEquals(call.read(), singly(ctx, coords, NETWORKS.minkunet!, coords.rows));
  }
});

testEach("maps over counted rows keep their columns, and name no row behind them", (ctx) => {
  for (const name of Object.keys(NETWORKS)) {
    for (const n of [0, 1, 150]) {
      using stack = new DisposableStack();
      const { coords, rows, fill } = coordsWithRoom(ctx, stack, 170);
      const xyz = sortedUnique(randomCoords(n, 9, 1, -4, 2));
      const there = fill(xyz);
      const call = together(ctx, stack, coords, name, 8 * 170);
      call.run({ rows });
      assertEquals(call.readPadded(there), singlyOf(ctx, xyz, name, 8 * 170), `${name}, ${n}`);
    }
  }
});

testEach("a plan of counted rows takes any number of them that fits", (ctx) => {
  using stack = new DisposableStack();
  const { coords, rows, fill } = coordsWithRoom(ctx, stack, 130);
  const call = together(ctx, stack, coords, "minkunet", 100);
  fill(sortedUnique(randomCoords(60, 9, 1)));
  const plan = stack.use(Plan.record(ctx, () => call.run({ rows })));
  for (const [n, seed] of [[120, 2], [5, 3], [0, 4], [90, 5]] as const) {
    const xyz = sortedUnique(randomCoords(n, 9, seed));
    const there = fill(xyz);
    plan.run();
    assertEquals(call.readPadded(there), singlyOf(ctx, xyz, "minkunet", 130), `${n} rows`);
  }
  // So far apart that the first strided layer joins none.
  fill(Int32Array.from({ length: 4 * 130 }, (_, i) => i % 4 === 1 ? 8 * i : 0));
  const refused = (found: string) =>
    assertThrows(
      () => {
        plan.run();
        rows.download();
      },
      KernelError,
      found,
    );
  refused("out_coords has 100 rows, 130 are needed");
  fill(sortedUnique(randomCoords(60, 9, 6)));
  for (const there of [131n, -1n]) {
    rows.upload(BigInt64Array.of(there));
    refused(`coords has 130 rows, of which ${there} should be there`);
  }
});

testEach("networkMaps() refuses too little room, and layers that do not fit", (ctx, setting) => {
  using stack = new DisposableStack();
  const coords = stack.use(coordsTensor(ctx, sortedUnique(randomCoords(60, 9, 1))));
  const call = together(ctx, stack, coords, "minkunet", 3);
  assertThrows(
    () => {
      call.run();
      call.read();
    },
    KernelError,
    "out_coords has 3 rows",
  );
  const [level] = levelsOn(ctx, stack, NETWORKS.minkunet!, 60);
  const counts = stack.use(ctx.tensor("i64", [1]));
  const twoCounts = stack.use(ctx.tensor("i64", [2]));
  const map = stack.use(ctx.tensor("i32", [27, coords.rows]));
  const run =
    (layer: Geometry, changed: Partial<typeof level> = {}, options?: NetworkMapOptions) => () =>
      networkMaps(coords, { layer, map }, [{ ...level!, ...changed }], counts, options);
  assertThrows(run(geometry(2)), KernelError, "the layer of level 0 is not submanifold");
  assertThrows(
    run(SUBM, { strided: level!.map }),
    KernelError,
    "strided: dimension 0 is 27, not 8",
  );
  assertThrows(run(SUBM, {}, { rows: twoCounts }), KernelError, "rows: dimension 0 is 2, not 1");
  if (setting.startsWith("cpu")) return;
  const search = variants(ctx.backend, "kernel_map").indexOf("search");
  assertThrows(
    run(SUBM, {}, { variant: search }),
    KernelError,
    '"search" needs counts on the host',
  );
});
