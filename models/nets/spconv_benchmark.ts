/**
 * The network of spconv's published benchmark (traveller59/spconv test/benchmark.py, Net): pairs of
 * submanifold convolutions of one width, without norms or activations, and max pooling in between.
 */
import { DOWN } from "../blocks.ts";
import { MaxPool } from "../layers/pool.ts";
import { type Network, NetworkBuilder, strided, type VoxelValue } from "../network.ts";
import { INPUT_VOXELS } from "../network.ts";
import type { Three } from "../value.ts";

const WIDTHS = [64, 96, 128, 160, 192, 224, 256];

/** @param shape cells of the grid along x, y, z: 0.1 m over 160 x 160 x 8 m in the benchmark */
export function spconvBenchmark(shape: Three = [1600, 1600, 80], widths = WIDTHS): Network {
  const net = new NetworkBuilder();
  let x: VoxelValue = net.input({ ...INPUT_VOXELS, shape }, 3);
  widths.forEach((channels, i) => {
    if (i > 0) x = maxPool(net, x);
    for (const half of [0, 1]) {
      const name = `net.${3 * i + half}`;
      x = net.conv(name, x, channels, {
        weight: `${name}.weight`,
        layout: "spconv2",
        relu: false,
      });
    }
  });
  return net.build("spconv benchmark", [x]);
}

function maxPool(net: NetworkBuilder, from: VoxelValue): VoxelValue {
  const by = { layer: DOWN, padding: null };
  const to = net.value(strided(from.space, by), from.channels);
  const map = { from: from.space, to: to.space, by, transposed: false };
  net.add(new MaxPool(map, from, to));
  return to;
}
