import { NetworkBuilder } from "../network.ts";
import { bevSpace, Planes } from "../planes.ts";
import { randomFloats } from "../random.ts";
import { catPlanes, DenseReference, type Plane, plane, relu, valueAt } from "../reference_dense.ts";
import { assertClose, run } from "../reference_rows.ts";
import { randomWeights } from "../weights.ts";
import { BOX_STAGES, cameraCenterHead, cameraDecoder } from "./camera_bev.ts";

/** F.interpolate with align_corners True. */
function enlarged(x: Plane, height: number, width: number): Plane {
  const [down, across] = [(x.height - 1) / (height - 1), (x.width - 1) / (width - 1)];
  return plane(x.channels, height, width, (c, y, u) => {
    const [v, w] = [y * down, u * across];
    const [top, left] = [Math.floor(v), Math.floor(w)];
    const row = (at: number) =>
      valueAt(x, c, at, left) * (1 - w + left) + valueAt(x, c, at, left + 1) * (w - left);
    return row(top) * (1 - v + top) + row(top + 1) * (v - top);
  });
}

/** One of mmcv's blocks, where `project` says whether the other way has a convolution. */
function block(net: DenseReference, x: Plane, name: string, stride: number, project: boolean) {
  const step = (from: Plane, part: string, norm: string, how = {}) =>
    net.norm(net.conv2d(from, `${name}.${part}`, how), `${name}.${norm}`, 1e-5);
  const inner = step(relu(step(x, "conv1", "bn1", { stride })), "conv2", "bn2");
  const other = project
    ? step(x, "downsample.0", "downsample.1", { kernel: 1, stride, padding: 0 })
    : x;
  return relu({ ...inner, values: inner.values.map((value, i) => value + other.values[i]!) });
}

Deno.test("cameraDecoder() gives what plain loops give", () => {
  const [nx, ny, channels] = [4, 8, 5];
  const net = new NetworkBuilder();
  const from = net.input(bevSpace([nx, ny, 1]), channels);
  const network = net.build("decoder", [
    cameraDecoder(net, new Planes(net, "xy"), from, BOX_STAGES),
  ]);
  const weights = randomWeights(network, 2);
  const values = randomFloats(nx * ny * channels, 3);
  const of = new DenseReference(weights, "spconv2");
  let x = plane(channels, nx, ny, (c, i, j) => values[(i * ny + j) * channels + c]!);
  const maps = BOX_STAGES.map(([, stride], stage) => {
    const name = `decoder.backbone.${stage}`;
    x = block(of, block(of, x, `${name}.0`, stride, true), `${name}.1`, 1, false);
    return x;
  });
  const [fine, , coarse] = maps as [Plane, Plane, Plane];
  const layer = (y: Plane, at: string, i: number, how = {}) => {
    const name = `decoder.neck.${at}`;
    return relu(of.norm(of.conv2d(y, `${name}.${i}`, how), `${name}.${i + 1}`, 1e-5));
  };
  const joined = catPlanes(enlarged(coarse, fine.height, fine.width), fine);
  const fused = layer(layer(joined, "fuse", 0, { kernel: 1, padding: 0 }), "fuse", 3);
  const expected = layer(enlarged(fused, nx, ny), "upsample", 1);
  const [found] = run(network, weights, [values]);
  assertClose(found!, rowsOf(expected));
});

Deno.test("cameraCenterHead() gives what plain loops give, head by head", () => {
  const [nx, ny, channels] = [3, 5, 7];
  const net = new NetworkBuilder();
  const from = net.input(bevSpace([nx, ny, 1]), channels);
  const tasks = { groups: [["a"], ["b", "c"]], velocity: true };
  const heads = cameraCenterHead(new Planes(net, "xy"), "heads.object", from, tasks);
  const network = net.build("head", heads);
  const weights = randomWeights(network, 2);
  const values = randomFloats(nx * ny * channels, 3);
  const of = new DenseReference(weights, "spconv2");
  const wide = (x: Plane, name: string) =>
    relu(of.norm(of.conv2d(x, `heads.object.${name}.conv`), `heads.object.${name}.bn`, 1e-5));
  const input = plane(channels, nx, ny, (c, i, j) => values[(i * ny + j) * channels + c]!);
  const shared = wide(input, "shared_conv");
  const found = run(network, weights, [values]);
  let at = 0;
  for (const task of tasks.groups.keys()) {
    for (const head of ["reg", "height", "dim", "rot", "vel", "heatmap"]) {
      const name = `task_heads.${task}.${head}`;
      const inner = wide(shared, `${name}.0`);
      const expected = of.conv2d(inner, `heads.object.${name}.1`, { bias: true });
      assertClose(found[at++]!, rowsOf(expected));
    }
  }
});

/** [X * Y, C] of [C][X][Y]. */
function rowsOf({ channels, height, width, values }: Plane): Float64Array[] {
  const cells = height * width;
  return Array.from(
    { length: cells },
    (_, i) => Float64Array.from({ length: channels }, (_, c) => values[c * cells + i]!),
  );
}
