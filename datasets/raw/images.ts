/** Raw twins of image data sets: rectangles of classes on a shaded ground. */
import { encodePng } from "../../std/png_writer.ts";
import { Random } from "../synth/random.ts";
import { put, type RawTwin } from "./raw_twin.ts";

/** A rectangle of pixels. */
interface Block {
  readonly box: readonly [left: number, top: number, width: number, height: number];
  readonly id: number;
}

interface Picture {
  readonly blocks: readonly Block[];
  /** [height, width]: the class of each pixel, and 0 or the number of its block from 1 on. */
  readonly labels: Uint8Array;
  readonly blockOf: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Picture `index` of a seed, with blocks of `ids` over the class `ground`. */
function simulatedPicture(
  seed: number,
  index: number,
  [width, height]: readonly [number, number],
  ground: number,
  ids: readonly number[],
): Picture {
  const random = new Random(seed, 13, index);
  const labels = new Uint8Array(width * height).fill(ground);
  const blockOf = new Uint8Array(width * height);
  const blocks = Array.from({ length: 12 }, (_, b): Block => {
    const [w, h] = [random.range(0.05, 0.3) * width, random.range(0.05, 0.3) * height].map(
      Math.ceil,
    );
    const left = Math.floor(random.range(0, width - w!));
    const top = Math.floor(random.range(0, height - h!));
    const id = ids[b % ids.length]!;
    for (let y = top; y < top + h!; y++) {
      labels.fill(id, y * width + left, y * width + left + w!);
      blockOf.fill(b + 1, y * width + left, y * width + left + w!);
    }
    return { box: [left, top, w!, h!], id };
  });
  return { blocks, labels, blockOf, width, height };
}

/** The colours of a picture: shades that tell the blocks apart. */
function photo({ labels, blockOf, width, height }: Picture): Uint8Array<ArrayBuffer> {
  const samples = new Uint8Array(3 * width * height);
  for (let i = 0; i < labels.length; i++) {
    const shade = 80 + 90 * i / labels.length;
    samples.fill(shade, 3 * i, 3 * i + 3);
    samples[3 * i + labels[i]! % 3] = 40 + 15 * blockOf[i]!;
  }
  return encodePng({ width, height, channels: 3, samples });
}

const grey = (width: number, height: number, samples: Uint8Array | Uint16Array) =>
  encodePng({ width, height, channels: 1, samples });

const numbered = (i: number) => String(i).padStart(6, "0");

const CITY = {
  size: [2048, 1024] as const,
  road: 7,
  /** Building, vegetation, person, car, bicycle; the last three have instances. */
  ids: [11, 21, 24, 26, 33],
};

/** leftImg8bit and gtFine, labels and instances (1000 x id + number). */
export const cityscapesTwin: RawTwin = {
  unit: "images",
  async write(out, count, seed, tick) {
    for (let i = 0; i < count; i++) {
      const picture = cityscapesPicture(seed, i);
      const { labels, blockOf, width, height } = picture;
      const stem = `train/twin/twin_${numbered(0)}_${numbered(i)}`;
      await put(`${out}/leftImg8bit/${stem}_leftImg8bit.png`, photo(picture));
      await put(`${out}/gtFine/${stem}_gtFine_labelIds.png`, grey(width, height, labels));
      const instances = Uint16Array.from(labels, (id, k) => id < 24 ? id : 1000 * id + blockOf[k]!);
      await put(`${out}/gtFine/${stem}_gtFine_instanceIds.png`, grey(width, height, instances));
      tick();
    }
  },
};

export const cityscapesPicture = (seed: number, index: number): Picture =>
  simulatedPicture(seed, index, CITY.size, CITY.road, CITY.ids);

export const camvidPicture = (seed: number, index: number): Picture =>
  simulatedPicture(seed, index, [480, 360], 3, [1, 5, 8, 9, 11]);

/** SegNet's folders train and trainannot. */
export const camvidTwin: RawTwin = {
  unit: "images",
  async write(out, count, seed, tick) {
    for (let i = 0; i < count; i++) {
      const picture = camvidPicture(seed, i);
      const { labels, width, height } = picture;
      await put(`${out}/train/${numbered(i)}.png`, photo(picture));
      await put(`${out}/trainannot/${numbered(i)}.png`, grey(width, height, labels));
      tick();
    }
  },
};

/** Person, car, dog, cup. */
export const cocoPicture = (seed: number, index: number): Picture =>
  simulatedPicture(seed, index, [640, 480], 0, [1, 3, 18, 47]);

/** annotations/instances_val2017.json and val2017, a polygon or a run-length mask an object. */
export const cocoTwin: RawTwin = {
  unit: "images",
  async write(out, count, seed, tick) {
    const [images, annotations]: [object[], object[]] = [[], []];
    for (let i = 0; i < count; i++) {
      const picture = cocoPicture(seed, i);
      const file = `${numbered(i)}.png`;
      await put(`${out}/val2017/${file}`, photo(picture));
      const { width, height } = picture;
      images.push({ id: 1 + i, "file_name": file, width, height });
      for (const block of picture.blocks) {
        annotations.push(annotationOf(block, { id: 1 + annotations.length, image: 1 + i, height }));
      }
      tick();
    }
    const names = { 1: "person", 3: "car", 18: "dog", 47: "cup" };
    const categories = Object.entries(names).map(([id, name]) => ({ id: Number(id), name }));
    const file = { info: { description: "a synthetic twin" }, images, annotations, categories };
    await put(`${out}/annotations/instances_val2017.json`, JSON.stringify(file));
  },
};

function annotationOf(
  { box, id: category }: Block,
  { id, image, height }: { id: number; image: number; height: number },
): object {
  const [x, y, w, h] = box;
  const isCrowd = id % 10 === 0;
  const polygon = [x, y, x + w, y, x + w, y + h, x, y + h];
  // Columns from the left: what lies before the box, then in turn inside and outside.
  const runs = [
    x * height + y,
    ...Array.from({ length: 2 * w - 1 }, (_, k) => k % 2 ? height - h : h),
  ];
  return {
    id,
    "image_id": image,
    "category_id": category,
    bbox: box,
    area: w * h,
    iscrowd: Number(isCrowd),
    segmentation: isCrowd ? { counts: runs, size: [height, 640] } : [polygon],
  };
}
