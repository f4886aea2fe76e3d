/**
 * FlexGEMM's inputs (tests/utils.py, sphere_coords): the cells of a cube whose distance from its
 * centre is at most half a side and at least 1.25 less, and a 3x3x3 layer from C to C channels.
 */
import { INPUT_VOXELS, type Network, NetworkBuilder } from "../../models/network.ts";
import { randomFloats } from "../harness/random.ts";
import type { NetworkInput } from "./workload.ts";

/** Cells between the radii. */
const THICKNESS = 1.25;

/** A shell, whole or the eighth of it next to the origin. */
export interface Shell {
  /** Cells a side of the cube. */
  readonly side: number;
  readonly channels: number;
  readonly part: "whole" | "octant";
}

/** Coordinates [M, 4] of a shell, sorted. */
export function shellCoords({ side, part }: Shell): Int32Array<ArrayBuffer> {
  const end = part === "octant" ? side / 2 : side;
  const centre = side / 2 - 0.5;
  const [inner, outer] = [(side / 2 - THICKNESS) ** 2, (side / 2) ** 2];
  const cells: number[] = [];
  for (let x = 0; x < end; x++) {
    for (let y = 0; y < end; y++) {
      const flat = (x - centre) ** 2 + (y - centre) ** 2;
      if (flat > outer) continue;
      const far = Math.sqrt(outer - flat);
      const near = flat < inner ? Math.sqrt(inner - flat) : 0;
      // Of a column only what lies between the two spheres, below and above the centre.
      const lower = [Math.ceil(centre - far), Math.floor(centre - near)] as const;
      const upper = [Math.max(Math.ceil(centre + near), lower[1] + 1), Math.floor(centre + far)];
      for (const [first, last] of [lower, upper]) {
        for (let z = first!; z <= Math.min(last!, end - 1); z++) cells.push(0, x, y, z);
      }
    }
  }
  return Int32Array.from(cells);
}

/** One 3x3x3 layer without norm and activation. */
function layer(channels: number): Network {
  const net = new NetworkBuilder();
  const input = net.input(INPUT_VOXELS, channels);
  return net.build("a layer", [net.conv("layer", input, channels, { relu: false })]);
}

/** The layer on the voxels of a shell. */
export function shellInput(shell: Shell): NetworkInput {
  const { channels } = shell;
  return {
    network: () => layer(channels),
    scan(ctx) {
      const coords = shellCoords(shell);
      const rows = coords.length / 4;
      using stack = new DisposableStack();
      const made = {
        coords: stack.use(ctx.tensorFrom("i32", [rows, 4], coords)),
        feats: stack.use(
          ctx.tensorFrom("f32", [rows, channels], randomFloats(rows * channels, 1)),
        ),
      };
      const owned = stack.move();
      return { ...made, [Symbol.dispose]: () => owned.dispose() };
    },
  };
}
