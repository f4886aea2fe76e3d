/** Simulated rooms: walls, floor, ceiling and furniture as points on the faces of boxes. */
import { Random } from "../synth/random.ts";

export interface Room {
  /** Row-major [N, 3]: x, y, z in metres. */
  readonly points: Float32Array;
  /** Row-major [N, 3]: red, green, blue. */
  readonly colours: Uint8Array;
  /** Number of the thing that each point is on, from 0 on. */
  readonly thing: Uint16Array;
  /** Class of each thing: "wall", "chair". */
  readonly classes: readonly string[];
}

interface Thing {
  readonly name: string;
  /** Lowest and highest x, y, z. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Edges in metres. */
const FURNITURE: readonly (readonly [string, number, number, number])[] = [
  ["table", 1.4, 0.8, 0.75],
  ["chair", 0.5, 0.5, 0.9],
  ["sofa", 1.9, 0.9, 0.8],
  ["door", 0.1, 0.9, 2],
];
const WALL = 0.05;

/** Room `index` of a seed with `count` points; the same arguments give the same room. */
export function simulatedRoom(seed: number, index: number, count: number): Room {
  const random = new Random(seed, 11, index);
  const things = [...shell(random), ...furniture(random)];
  const points = new Float32Array(3 * count);
  const colours = new Uint8Array(3 * count);
  const thing = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    // One thing after the other, as meshes and annotation files have them.
    const t = Math.floor(i * things.length / count);
    const { low, high } = things[t]!;
    const face = Math.floor(random.range(0, 3));
    for (let k = 0; k < 3; k++) {
      const share = k === face ? Number(random.chance(0.5)) : random.next();
      points[3 * i + k] = low[k]! + share * (high[k]! - low[k]!);
      colours[3 * i + k] = (37 * t + 80 * k + Math.floor(20 * share)) % 256;
    }
    thing[i] = t;
  }
  return { points, colours, thing, classes: things.map(({ name }) => name) };
}

function shell(random: Random): Thing[] {
  const [x, y, z] = [random.range(3, 9), random.range(3, 7), random.range(2.4, 3.2)];
  return [
    { name: "floor", low: [0, 0, -WALL], high: [x, y, 0] },
    { name: "ceiling", low: [0, 0, z], high: [x, y, z + WALL] },
    { name: "wall", low: [-WALL, 0, 0], high: [0, y, z] },
    { name: "wall", low: [0, y, 0], high: [x, y + WALL, z] },
  ];
}

function furniture(random: Random): Thing[] {
  return Array.from({ length: 6 }, () => {
    const [name, ...size] = FURNITURE[Math.floor(random.range(0, FURNITURE.length))]!;
    const low = [random.range(0, 1.1), random.range(0, 2), 0];
    return { name, low, high: low.map((v, k) => v + size[k]!) };
  });
}
