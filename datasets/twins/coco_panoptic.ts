import { encodePng } from "../../std/png_writer.ts";
import { Random } from "../synth/random.ts";
import { eachColumn, type Ellipse, jitter, randomEllipse } from "./ellipses.ts";
import type { Twin, TwinFiles } from "./twin.ts";

const SIZE = { width: 640, height: 480 };
const THINGS = 80;
const CATEGORIES = 133;
/** Bands of stuff behind the things. */
const BANDS = 4;

interface Segment {
  readonly id: number;
  readonly category: number;
  readonly crowd: boolean;
  /** Undefined for a band. */
  readonly outline: Ellipse | undefined;
}

/** COCO's panoptic segmentation: bands of stuff with things before them, and void at the edge. */
export const cocoPanopticTwin: Twin = {
  benchmark: "coco-panoptic",
  unit: "images",
  official: undefined,

  async write(out, size, seed): Promise<TwinFiles> {
    const [gt, pred] = [`${out}/gt.json`, `${out}/pred.json`];
    await Deno.mkdir(`${out}/gt`, { recursive: true });
    await Deno.mkdir(`${out}/pred`, { recursive: true });
    const truth: unknown[] = [];
    const predictions: unknown[] = [];
    for (let image = 0; image < size; image++) {
      const random = new Random(seed, image);
      const segments = segmentsOf(random);
      truth.push(writeImage(`${out}/gt`, image, segments));
      predictions.push(writeImage(`${out}/pred`, image, predicted(random, segments)));
    }
    const categories = Array.from({ length: CATEGORIES }, (_, k) => ({
      id: k + 1,
      name: `class ${k + 1}`,
      isthing: Number(k < THINGS),
    }));
    const images = truth.map((_, id) => ({ id }));
    await Deno.writeTextFile(gt, JSON.stringify({ images, annotations: truth, categories }));
    await Deno.writeTextFile(pred, JSON.stringify({ annotations: predictions }));
    return { gt, pred, args: [], counts: { images: size } };
  },
};

function segmentsOf(random: Random): Segment[] {
  const below = (n: number) => Math.floor(random.next() * n);
  const id = (k: number) => 1 + k + 256 * below(65535);
  const bands = Array.from({ length: BANDS }, (_, k) => ({
    id: id(k),
    category: THINGS + 1 + below(CATEGORIES - THINGS),
    crowd: false,
    outline: undefined,
  }));
  const things = Array.from({ length: 2 + below(10) }, (_, k) => ({
    id: id(BANDS + k),
    category: 1 + below(THINGS),
    crowd: random.chance(0.02),
    outline: randomEllipse(random, SIZE),
  }));
  return [...bands, ...things];
}

/** The same segments under other ids: moved, some of another category, some not found. */
function predicted(random: Random, segments: readonly Segment[]): Segment[] {
  return segments
    .filter(({ outline }) => outline === undefined || random.chance(0.85))
    .map(({ id, category, outline }) => ({
      id: id ^ 0x10000,
      category: random.chance(0.9) ? category : 1 + category % CATEGORIES,
      crowd: false,
      outline: outline && jitter(random, outline, random.range(0, 0.3)),
    }));
}

/** Draws and writes the image; gives its entry of the JSON file, without segments that are hidden. */
function writeImage(folder: string, image: number, segments: readonly Segment[]): unknown {
  const { width, height } = SIZE;
  const ids = new Uint32Array(width * height);
  for (const [k, { id, outline }] of segments.entries()) {
    if (outline === undefined) {
      const rows = Math.floor(height * 0.95 / BANDS);
      ids.fill(id, k * rows * width, (k + 1) * rows * width);
      continue;
    }
    eachColumn(outline, SIZE, (column, top, bottom) => {
      for (let row = top; row < bottom; row++) ids[row * width + column] = id;
    });
  }
  const samples = new Uint8Array(3 * ids.length);
  const areas = new Map<number, number>();
  ids.forEach((id, i) => {
    samples[3 * i] = id;
    samples[3 * i + 1] = id >> 8;
    samples[3 * i + 2] = id >> 16;
    areas.set(id, (areas.get(id) ?? 0) + 1);
  });
  const file = `${String(image).padStart(12, "0")}.png`;
  Deno.writeFileSync(`${folder}/${file}`, encodePng({ width, height, channels: 3, samples }));
  return {
    "image_id": image,
    "file_name": file,
    "segments_info": segments.filter(({ id }) => areas.has(id)).map(({ id, category, crowd }) => ({
      id,
      "category_id": category,
      iscrowd: Number(crowd),
      area: areas.get(id)!,
    })),
  };
}
