/**
 * Submanifold maps of random voxels: the clouds of two map benchmarks that anybody can make. Minuet
 * fills a fifth of a cube that grows with the cloud, Spira fills one of 201 voxels a side more and
 * more.
 */
import { variants } from "../../ffi/mod.ts";
import type { Case } from "../case.ts";
import { Random } from "../harness/random.ts";
import { LAYERS } from "../harness/scene.ts";
import { mapProblem } from "./kernel_map.ts";

/** A cloud by its number of voxels and the cube that it lies in. */
export interface Cloud {
  readonly from: "minuet" | "spira";
  readonly voxels: number;
  readonly side: number;
}

const DENSITY = 0.2;

/** Sizes that Minuet published and Spira's script names. */
export const CLOUDS: readonly Cloud[] = [
  ...[1e5, 5e5, 1e6, 5e6].map((voxels) => ({
    from: "minuet" as const,
    voxels,
    side: Math.ceil(Math.cbrt(voxels / DENSITY)),
  })),
  ...[1e4, 5e4, 1e5, 5e5, 1e6].map((voxels) => ({ from: "spira" as const, voxels, side: 201 })),
];

/** `voxels` distinct voxels of a cube, [voxels, 4], sorted. */
export function randomCloud({ voxels, side }: Cloud, seed: number): Int32Array<ArrayBuffer> {
  const cells = side ** 3;
  if (voxels > cells / 2) {
    throw new RangeError(`Cannot place ${voxels} voxels in ${cells} cells: at most half is needed`);
  }
  const random = new Random(seed);
  const taken = new Uint8Array(cells);
  for (let left = voxels; left > 0;) {
    const cell = random.below(cells);
    left -= 1 - taken[cell]!;
    taken[cell] = 1;
  }
  const coords = new Int32Array(4 * voxels);
  let i = 0;
  for (let cell = 0; cell < cells; cell++) {
    if (taken[cell] === 0) continue;
    coords.set([0, Math.floor(cell / side ** 2), Math.floor(cell / side) % side, cell % side], i);
    i += 4;
  }
  return coords;
}

/** Pairs of a 3x3x3 map: neighbours within reach, the voxel itself among them. */
export function neighbourPairs({ side }: Cloud, coords: Int32Array): number {
  const taken = new Uint8Array((side + 2) ** 3);
  const at = (i: number, [dx, dy, dz]: readonly number[]) =>
    ((coords[i + 1]! + 1 + dx!) * (side + 2) + coords[i + 2]! + 1 + dy!) * (side + 2) +
    coords[i + 3]! + 1 + dz!;
  for (let i = 0; i < coords.length; i += 4) taken[at(i, [0, 0, 0])] = 1;
  const steps = [-1, 0, 1];
  const around = steps.flatMap((x) => steps.flatMap((y) => steps.map((z) => [x, y, z])));
  let pairs = 0;
  for (const offset of around) {
    for (let i = 0; i < coords.length; i += 4) pairs += taken[at(i, offset)]!;
  }
  return pairs;
}

/** The largest that a quick run makes. */
const QUICK_VOXELS = 1e6;

/** Bytes a voxel on host and device: coordinates twice and the map with its copy. */
const BYTES = 500;

/** The case of a cloud. */
export function cloudCase(cloud: Cloud): Case {
  const { from, voxels, side } = cloud;
  return {
    op: "random_cloud_map",
    tier: "full",
    params: { cloud: from, voxels, side },
    ...(voxels > QUICK_VOXELS && { notQuick: "its arrays alone take seconds to make" }),
    memoryBytes: BYTES * voxels,
    variants: (backend) => variants(backend, "kernel_map"),
    prepare: () => {
      const coords = randomCloud(cloud, 1);
      return mapProblem(coords, coords, LAYERS.subm3, neighbourPairs(cloud, coords));
    },
  };
}
