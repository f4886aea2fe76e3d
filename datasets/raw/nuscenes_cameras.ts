/** The six cameras of the nuScenes twin: where they look, and the points of a scan as they see them. */
import { encodePng } from "../../std/png_writer.ts";
import { apply, compose, fromQuaternion, invert } from "../matrix34.ts";
import { NUSCENES } from "../published/nuscenes.ts";
import { CLASS_NAMES, type FullScan } from "./raw_twin.ts";

/** Pixels of nuScenes' images, and a camera's matrix. */
export const [WIDTH, HEIGHT] = [1600, 900];
export const INTRINSIC = [[1266, 0, 816], [0, 1266, 491], [0, 0, 1]] as const;

/** A camera in the vehicle's frame. */
export interface TwinCamera {
  readonly channel: string;
  readonly translation: readonly [number, number, number];
  /** w, x, y, z: from x right, y down, z forward. */
  readonly rotation: readonly number[];
}

/** Directions of the data set's cameras, in degrees to the left. */
const DIRECTIONS: Readonly<Record<string, number>> = {
  "CAM_FRONT": 0,
  "CAM_FRONT_LEFT": 55,
  "CAM_FRONT_RIGHT": -55,
  "CAM_BACK": 180,
  "CAM_BACK_LEFT": 110,
  "CAM_BACK_RIGHT": -110,
};

export const CAMERAS: readonly TwinCamera[] = Object.entries(DIRECTIONS).map(([channel, angle]) => {
  const [c, s] = [Math.cos(angle * Math.PI / 360) / 2, Math.sin(angle * Math.PI / 360) / 2];
  // A turn about z after (1, -1, 1, -1) / 2, which looks ahead.
  return {
    channel,
    translation: [1.5, 0, 1.5],
    rotation: [c + s, s - c, c + s, s - c],
  };
});

/** Half the side of a point, in pixels. */
const REACH = 3;
const [SKY, GROUND] = [180, 90];

/** The points of a scan in the colours of their classes over sky and ground, as a PNG file. */
export function picture(
  { points, semantic }: FullScan,
  { translation, rotation }: TwinCamera,
  egoFromScan: Float64Array,
): Uint8Array<ArrayBuffer> {
  const samples = new Uint8Array(3 * WIDTH * HEIGHT).fill(GROUND);
  samples.fill(SKY, 0, 3 * WIDTH * INTRINSIC[1][2]);
  const [x, y, z] = translation;
  const cameraFromScan = compose(invert(fromQuaternion(rotation, [x, y, z])), egoFromScan);
  for (let i = 0; i < semantic.length; i++) {
    const at = apply(cameraFromScan, [points[4 * i]!, points[4 * i + 1]!, points[4 * i + 2]!]);
    if (at[2] < 1) continue;
    const u = Math.floor(INTRINSIC[0][0] * at[0] / at[2] + INTRINSIC[0][2]);
    const v = Math.floor(INTRINSIC[1][1] * at[1] / at[2] + INTRINSIC[1][2]);
    if (u < REACH || v < REACH || u >= WIDTH - REACH || v >= HEIGHT - REACH) continue;
    paint(samples, [u, v], colourOf(semantic[i]!));
  }
  return encodePng({ width: WIDTH, height: HEIGHT, channels: 3, samples });
}

function colourOf(id: number): readonly number[] {
  const name = CLASS_NAMES.get(id)!.nuscenes;
  const [index] = Object.entries(NUSCENES.classes).find(([, known]) => known === name)!;
  return NUSCENES.colours[Number(index)]!;
}

function paint(samples: Uint8Array, [u, v]: [number, number], colour: readonly number[]): void {
  for (let row = v - REACH; row <= v + REACH; row++) {
    for (let column = u - REACH; column <= u + REACH; column++) {
      samples.set(colour, 3 * (row * WIDTH + column));
    }
  }
}
