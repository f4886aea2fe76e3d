/** Raw twins of ShapeNet-Part (text with normals) and PartNet (HDF5): balls whose parts are slices. */
import { SHAPENET_PART } from "../published/shapenet_part.ts";
import { Random } from "../synth/random.ts";
import { writeH5 } from "./h5_writer.ts";
import { put, type RawTwin, shortest } from "./raw_twin.ts";

/** Points of a text file, and of a row of PartNet. */
const TEXT_POINTS = 2600;
const PARTNET_POINTS = 10_000;
/** Shapes of a PartNet file. */
const ROWS = 1000;
const PARTNET_PARTS = 6;

export interface Ball {
  /** Row-major [N, 3]: on the unit sphere, so that they are the normals, too. */
  readonly points: Float32Array;
  /** 0 to `parts` - 1, from the lowest slice up. */
  readonly part: Uint8Array;
}

/** Shape `index` of a seed. */
export function ball(seed: number, index: number, count: number, parts: number): Ball {
  const random = new Random(seed, 12, index);
  const points = new Float32Array(3 * count);
  const part = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const z = random.range(-1, 1);
    const angle = random.range(-Math.PI, Math.PI);
    const radius = Math.sqrt(1 - z * z);
    points.set([radius * Math.cos(angle), radius * Math.sin(angle), z], 3 * i);
    part[i] = Math.min(parts - 1, Math.floor((z + 1) / 2 * parts));
  }
  return { points, part };
}

export const shapenetPartTwin: RawTwin = {
  unit: "shapes",
  async write(out, count, seed, tick) {
    const names: string[] = [];
    for (let i = 0; i < count; i++) {
      const { points, part } = ball(seed, i, TEXT_POINTS, categoryOf(i).parts);
      const lines = Array.from(part, (p, k) => {
        const xyz = Array.from(points.subarray(3 * k, 3 * k + 3), shortest).join(" ");
        return `${xyz} ${xyz} ${(categoryOf(i).first + p).toFixed(6)}\n`;
      });
      const name = `${String(i % SHAPENET_PART.categories.length).padStart(8, "0")}/shape${i}`;
      await put(`${out}/${name}.txt`, lines.join(""));
      names.push(`shape_data/${name}`);
      tick();
    }
    const list = `${out}/train_test_split/shuffled_train_file_list.json`;
    await put(list, JSON.stringify(names));
  },
};

/** The category of the twin's shape `index`. */
export const categoryOf = (index: number) =>
  SHAPENET_PART.categories[index % SHAPENET_PART.categories.length]!;

export const partnetTwin: RawTwin = {
  unit: "shapes",
  async write(out, count, seed, tick) {
    for (let first = 0; first < count; first += ROWS) {
      const rows = Math.min(ROWS, count - first);
      const data = new Float32Array(3 * rows * PARTNET_POINTS);
      const labels = new Uint8Array(rows * PARTNET_POINTS);
      for (let row = 0; row < rows; row++) {
        const { points, part } = ball(seed, first + row, PARTNET_POINTS, PARTNET_PARTS);
        data.set(points, 3 * row * PARTNET_POINTS);
        labels.set(part, row * PARTNET_POINTS);
        tick();
      }
      const file = `train-${String(first / ROWS).padStart(2, "0")}.h5`;
      await writeH5(`${out}/sem_seg_h5/Chair-1/${file}`, [
        { name: "data", shape: [rows, PARTNET_POINTS, 3], data },
        { name: "label_seg", shape: [rows, PARTNET_POINTS], data: labels },
      ]);
    }
  },
};

/** Points and parts of the twins' shapes, for those who compare. */
export const SHAPE_SIZES = { TEXT_POINTS, PARTNET_POINTS, PARTNET_PARTS } as const;
