/** The rows of a map in the order of their neighbours, and convolutions that are given them. */
import { assertEquals, assertGreaterOrEqual, assertThrows } from "@std/assert";
import {
  coordsTensor,
  randomCoords,
  randomFloats,
  someOf,
  sortedUnique,
  testEach,
} from "./testing.ts";
import {
  convSettings,
  convTakesOrder,
  geometry,
  KernelError,
  KernelMap,
  kernelMapOrder,
  type RowOrder,
  sparseConv,
  type Tensor,
  toF16,
  variants,
} from "./mod.ts";

/** Row order and map by the definition in voxmark.h. */
function expectedOrder(map: Int32Array, kv: number, m: number, parts: number) {
  const offsets = Math.ceil(kv / parts);
  const ordered = new Int32Array(kv * m);
  const order = Array.from({ length: parts }, (_, part) => {
    const [first, last] = [Math.min(kv, part * offsets), Math.min(kv, (part + 1) * offsets)];
    const mask = (row: number) => {
      let bits = "";
      for (let k = first; k < last; k++) bits += map[k * m + row]! >= 0 ? "1" : "0";
      return bits;
    };
    const masks = Array.from({ length: m }, (_, row) => mask(row));
    const rows = masks.map((_, row) => row).sort((a, b) =>
      masks[a] === masks[b] ? a - b : masks[a]! > masks[b]! ? -1 : 1
    );
    for (let k = first; k < last; k++) {
      rows.forEach((row, i) => ordered[k * m + i] = map[k * m + row]!);
    }
    return rows;
  });
  return { order: order.flat(), ordered: [...ordered] };
}

/** The two tensors for `parts` parts of a map. */
function orderTensors({ map }: KernelMap, parts: number, stack: DisposableStack): RowOrder {
  const [kv, m] = map.shape as [number, number];
  return {
    order: stack.use(map.ctx.tensor("i32", [parts, m])),
    ordered: stack.use(map.ctx.tensor("i32", [kv, m])),
  };
}

testEach("kernelMapOrder() sorts by the offsets of each part, up to 343 of them", (ctx) => {
  using coords = coordsTensor(ctx, sortedUnique(randomCoords(260, 8, 71)));
  for (const layer of [geometry(1), geometry(3), geometry(7)]) {
    using map = KernelMap.build(coords, coords, layer);
    const kv = map.map.rows;
    const rows = map.map.download();
    for (const parts of [1, 2, 3, 4, 20].filter((parts) => parts <= kv)) {
      using stack = new DisposableStack();
      const made = orderTensors(map, parts, stack);
      const expected = expectedOrder(rows, kv, map.outputs, parts);
      variants(ctx.backend, "kernel_map_order").forEach((variant, v) => {
        const what = `${variant}, ${kv} offsets, ${parts} parts`;
        kernelMapOrder(map.map, made, v);
        assertEquals([...made.order.download()], expected.order, what);
        assertEquals([...made.ordered.download()], expected.ordered, what);
      });
    }
  }
});

testEach("kernelMapOrder() of no rows is nothing; more parts than offsets are refused", (ctx) => {
  using none = coordsTensor(ctx, new Int32Array(0));
  using map = KernelMap.build(none, none, geometry(3));
  using stack = new DisposableStack();
  const made = orderTensors(map, 2, stack);
  kernelMapOrder(map.map, made);
  assertEquals(made.order.download().length, 0);
  const many = orderTensors(map, 28, stack);
  assertThrows(
    () => kernelMapOrder(map.map, many),
    KernelError,
    "28 parts, map has offsets for 27",
  );
});

testEach("a convolution that is given the order computes the same bits", (ctx, setting) => {
  const count = setting.startsWith("emulated") ? 150 : 900;
  using coords = coordsTensor(ctx, sortedUnique(randomCoords(count, 9, 72)));
  using map = KernelMap.build(coords, coords, geometry(3));
  const sorting = variants(ctx.backend, "sparse_conv").flatMap((name, v) =>
    convTakesOrder(ctx, v) ? [{ v, dtype: name.endsWith("wgmma") ? "f16" : "f32" } as const] : []
  );
  const least = setting.startsWith("cpu") ? 1 : setting.startsWith("emulated") ? 3 : 2;
  assertGreaterOrEqual(sorting.length, least);
  for (const splits of someOf(setting, 2, [1, 2, 3, 4, 27])) {
    using stack = new DisposableStack();
    const made = orderTensors(map, splits, stack);
    kernelMapOrder(map.map, made);
    for (const { v, dtype } of sorting) {
      const filled = (shape: number[], seed: number) => {
        const values = randomFloats(shape.reduce((count, size) => count * size), seed);
        return ctx.tensorFrom(dtype, shape, dtype === "f16" ? toF16(values) : values);
      };
      using feats = filled([map.inputs, 12], 73);
      using weight = filled([27, 12, 20], 74);
      using out = ctx.tensor(dtype, [map.outputs, 20]);
      convSettings(ctx, { splits });
      sparseConv(feats, weight, map.map, null, out, v);
      const sorted = out.download();
      convSettings(ctx, {});
      sparseConv(feats, weight, map.map, made, out, v);
      assertEquals(out.download(), sorted, `variant ${v}, ${splits} parts`);
    }
  }
});

testEach("an order that names no output is refused", (ctx) => {
  using coords = coordsTensor(ctx, sortedUnique(randomCoords(40, 5, 75)));
  using map = KernelMap.build(coords, coords, geometry(3));
  using stack = new DisposableStack();
  const made = orderTensors(map, 1, stack);
  kernelMapOrder(map.map, made);
  const wrong = made.order.download();
  wrong[3] = map.outputs;
  made.order.upload(wrong);
  using feats = ctx.tensorFrom("f32", [map.inputs, 4], randomFloats(map.inputs * 4, 76));
  using weight = ctx.tensorFrom("f32", [27, 4, 4], randomFloats(27 * 16, 77));
  using out = ctx.tensor("f32", [map.outputs, 4]);
  const masked = ctx.variant("sparse_conv", "masked");
  const convolve = (order: RowOrder) => {
    sparseConv(feats, weight, map.map, order, out, masked);
    (out as Tensor<"f32">).download();
  };
  assertThrows(() => convolve(made), KernelError, `${map.outputs}`);
  const half = { order: made.order, ordered: map.map };
  using short = ctx.tensor("i32", [27, map.outputs - 1]);
  assertThrows(() => convolve({ ...half, ordered: short }), KernelError, "ordered");
});
