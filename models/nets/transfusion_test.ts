import { assertAlmostEquals, assertEquals } from "@std/assert";
import { NetworkBuilder } from "../network.ts";
import { bevSpace, Planes } from "../planes.ts";
import { randomFloats } from "../random.ts";
import {
  assertClose,
  attention,
  plus,
  relu,
  type Rows,
  rowsOf,
  Rowwise,
  run,
} from "../reference_rows.ts";
import { randomWeights } from "../weights.ts";
import { transfusionHead } from "./transfusion.ts";

Deno.test("transfusionHead() gives what plain loops give for the same proposals", () => {
  const [nx, ny, classes, c] = [6, 5, 10, 128];
  const net = new NetworkBuilder();
  const bev = net.input(bevSpace([nx, ny, 1]), 8);
  const outputs = transfusionHead(net, new Planes(net, "xy"), "head", bev, classes);
  const conv = net.layers.find(({ name }) => name === "head.shared_conv")!;
  const heat = net.layers.find(({ name }) => name === "head.heatmap_head.1")!;
  const network = net.build("head", [...outputs, conv.to, heat.to]);
  const weights = randomWeights(network, 8);
  const found = run(network, weights, [randomFloats(nx * ny * 8, 9)]);
  const map = rowsOf(found[7]!, c);
  const likely = rowsOf(found[8]!, classes).map((row) => row.map((v) => 1 / (1 + Math.exp(-v))));
  const peaks = likely.flatMap((row, cell) =>
    [...row].map((score, label) => {
      const [x, y] = [Math.floor(cell / ny), cell % ny];
      const inner = x > 0 && y > 0 && x < nx - 1 && y < ny - 1;
      const around = inner
        ? [-1, 0, 1].flatMap((i) => [-1, 0, 1].map((j) => likely[cell + i * ny + j]![label]!))
        : [Infinity];
      return { cell, label, score: label >= 8 || score >= Math.max(...around) ? score : 0 };
    })
  ).filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
  const proposals = rowsOf(found[0]!, 4);
  assertEquals(proposals.length, 200);
  peaks.forEach(({ cell, label, score }, i) => {
    const [x, y] = [Math.floor(cell / ny) + 0.5, cell % ny + 0.5];
    assertEquals([...proposals[i]!.subarray(0, 3)], [x, y, label]);
    assertAlmostEquals(proposals[i]![3]!, score, 1e-6);
  });
  assertEquals(proposals[peaks.length]![3], 0);
  const of = new Rowwise(weights);
  const encoding = of.get("head.class_encoding.weight");
  const bias = of.get("head.class_encoding.bias");
  let x: Rows = proposals.map(([u, v, label]) =>
    map[Math.floor(u!) * ny + Math.floor(v!)]!.map((value, i) =>
      value + encoding[i * classes + label!]! + bias[i]!
    )
  );
  const at = "head.decoder.0";
  const embed = (places: Rows, part: string) => {
    const name = `${at}.${part}.position_embedding_head`;
    const hidden = relu(of.batchNorm(of.named(places, `${name}.0`), `${name}.1`));
    return of.named(hidden, `${name}.3`);
  };
  const own = embed(proposals.map((row) => row.slice(0, 2)), "self_posembed");
  const centres = map.map((_, i) => Float64Array.of(Math.floor(i / ny) + 0.5, i % ny + 0.5));
  const cells = embed(centres, "cross_posembed");
  const multiHead = (queries: Rows, others: Rows, part: string) => {
    const weight = of.get(`${at}.${part}.in_proj_weight`);
    const shift = of.get(`${at}.${part}.in_proj_bias`);
    const parts = [queries, others, others].map((rows, i) =>
      of.linear(rows, weight.slice(i * c * c, (i + 1) * c * c), shift.slice(i * c, (i + 1) * c))
    );
    return of.named(attention(parts, 8, () => 0), `${at}.${part}.out_proj`);
  };
  const placed = plus(x, own);
  x = of.layerNorm(plus(x, multiHead(placed, placed, "self_attn")), `${at}.norm1`);
  const around = multiHead(plus(x, own), plus(map, cells), "multihead_attn");
  x = of.layerNorm(plus(x, around), `${at}.norm2`);
  const hidden = relu(of.named(x, `${at}.linear1`));
  x = of.layerNorm(plus(x, of.named(hidden, `${at}.linear2`)), `${at}.norm3`);
  ["center", "height", "dim", "rot", "vel", "heatmap"].forEach((head, i) => {
    const name = `head.prediction_heads.0.${head}`;
    const inner = relu(of.batchNorm(of.named(x, `${name}.0.conv`, false), `${name}.0.bn`));
    assertClose(found[i + 1]!, of.named(inner, `${name}.1`), head);
  });
});
