import { SCANNET_INSTANCE_CLASSES } from "../published/scannet.ts";
import { Random } from "../synth/random.ts";
import type { Twin, TwinFiles } from "./twin.ts";

const VERTICES = 150_000;
const INSTANCES = 24;
/** Masks of a scene that find nothing. */
const STRAY = 6;

/** A stretch of vertices. */
interface Stretch {
  readonly first: number;
  readonly end: number;
}

/** ScanNet's instances: scenes of 150,000 vertices with about 28 predicted masks each. */
export const scannetInstanceTwin: Twin = {
  benchmark: "scannet-instance",
  unit: "scenes",
  official: { size: 5, seconds: 1.968 },

  async write(out, size, seed): Promise<TwinFiles> {
    const [gt, pred] = [`${out}/gt`, `${out}/pred`];
    await Deno.mkdir(gt, { recursive: true });
    await Deno.mkdir(`${pred}/masks`, { recursive: true });
    let masks = 0;
    for (let scene = 0; scene < size; scene++) {
      const name = `scene${String(scene).padStart(4, "0")}_00`;
      masks += writeScene(new Random(seed, scene), { gt, pred, name });
    }
    return { gt, pred, args: [], counts: { scenes: size, vertices: size * VERTICES, masks } };
  },
};

interface Place {
  readonly gt: string;
  readonly pred: string;
  readonly name: string;
}

function writeScene(random: Random, { gt, pred, name }: Place): number {
  const ids = new Uint32Array(VERTICES).fill(1);
  const lines: string[] = [];
  const addMask = (stretch: Stretch, classId: number, confidence: number) => {
    const file = `masks/${name}_${String(lines.length).padStart(3, "0")}.txt`;
    Deno.writeFileSync(`${pred}/${file}`, maskFile(stretch));
    lines.push(`${file} ${classId} ${confidence.toFixed(6)}\n`);
  };
  for (let k = 0; k < INSTANCES; k++) {
    const classId = randomClass(random);
    const stretch = randomStretch(random);
    ids.fill(1000 * classId + k + 1, stretch.first, stretch.end);
    if (random.chance(0.08)) continue;
    addMask(moved(random, stretch), classId, random.range(0.3, 1));
  }
  for (let k = 0; k < STRAY; k++) {
    addMask(randomStretch(random), randomClass(random), random.range(0, 0.6));
  }
  Deno.writeTextFileSync(`${gt}/${name}.txt`, `${ids.join("\n")}\n`);
  Deno.writeTextFileSync(`${pred}/${name}.txt`, lines.join(""));
  return lines.length;
}

function randomClass(random: Random): number {
  const k = Math.floor(random.next() * SCANNET_INSTANCE_CLASSES.length);
  return SCANNET_INSTANCE_CLASSES[k]!.id;
}

function randomStretch(random: Random): Stretch {
  const length = Math.floor(random.range(50, 8000));
  const first = Math.floor(random.next() * (VERTICES - length));
  return { first, end: first + length };
}

/** The stretch as a network finds it: both ends off by up to a sixth of its length. */
function moved(random: Random, { first, end }: Stretch): Stretch {
  const off = () => Math.floor(random.range(-1 / 6, 1 / 6) * (end - first));
  return { first: Math.max(0, first + off()), end: Math.min(VERTICES, end + off()) };
}

/** A line with 0 or 1 a vertex. */
function maskFile({ first, end }: Stretch): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(2 * VERTICES);
  for (let v = 0; v < VERTICES; v++) {
    bytes[2 * v] = v >= first && v < end ? 49 : 48;
    bytes[2 * v + 1] = 10;
  }
  return bytes;
}
