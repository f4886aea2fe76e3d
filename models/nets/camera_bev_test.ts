import { NetworkBuilder } from "../network.ts";
import { bevSpace, Planes } from "../planes.ts";
import { randomFloats } from "../random.ts";
import { catPlanes, DenseReference, type Plane, plane, relu, valueAt } from "../reference_dense.ts";
import { assertClose, run } from "../reference_rows.ts";
import { randomWeights } from "../weights.ts";
import { CAMERA_STAGES, cameraDecoder } from "./camera_bev.ts";

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
  const network = net.build("decoder", [cameraDecoder(net, new Planes(net, "xy"), from)]);
  const weights = randomWeights(network, 2);
  const values = randomFloats(nx * ny * channels, 3);
  const of = new DenseReference(weights, "spconv2");
  let x = plane(channels, nx, ny, (c, i, j) => values[(i * ny + j) * channels + c]!);
  const maps = CAMERA_STAGES.map(([, stride], stage) => {
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
  const rows = Array.from(
    { length: nx * ny },
    (_, i) =>
      Float64Array.from({ length: expected.channels }, (_, c) => expected.values[c * nx * ny + i]!),
  );
  const [found] = run(network, weights, [values]);
  assertClose(found!, rows);
});
