import { encodePng } from "../../std/png_writer.ts";
import { CITYSCAPES_LABELS } from "../published/cityscapes.ts";
import { Random } from "../synth/random.ts";
import { eachColumn, type Ellipse, jitter, randomEllipse } from "./ellipses.ts";
import type { Twin, TwinFiles } from "./twin.ts";

const SIZE = { width: 2048, height: 1024 };
/** Label ids from the top to the bottom of a street: sky, buildings, vegetation, road and so on. */
const BANDS = [23, 11, 21, 13, 8, 7, 7, 3];
const INSTANCE_LABELS = [...CITYSCAPES_LABELS.keys()].filter((id) =>
  CITYSCAPES_LABELS[id]!.instanceSize !== undefined
);
const OTHER_LABELS = [4, 6, 12, 17, 19, 20, 22];

interface Shape {
  readonly outline: Ellipse;
  readonly label: number;
  /** Number among the instances, undefined for a label without. */
  readonly instance: number | undefined;
}

/** Cityscapes' label and instance images of 2048 x 1024 pixels, and predicted labels. */
export const cityscapesTwin: Twin = {
  benchmark: "cityscapes",
  unit: "images",
  official: { size: 20, seconds: 2.85 },

  async write(out, size, seed): Promise<TwinFiles> {
    const [gt, pred] = [`${out}/gtFine`, `${out}/results`];
    const city = `${gt}/val/twinstadt`;
    await Deno.mkdir(city, { recursive: true });
    await Deno.mkdir(pred, { recursive: true });
    for (let image = 0; image < size; image++) {
      const random = new Random(seed, image);
      const shapes = shapesOf(random);
      const moved = shapes.filter(() => random.chance(0.9)).map((shape) => ({
        ...shape,
        label: random.chance(0.92) ? shape.label : 26,
        outline: jitter(random, shape.outline, 0.15),
      }));
      const name = `twinstadt_${String(image).padStart(6, "0")}_000019`;
      write(`${city}/${name}_gtFine_labelIds.png`, draw(new Uint8Array(pixels), shapes, labelOf));
      const ids = draw(new Uint16Array(pixels), shapes, instanceOf);
      write(`${city}/${name}_gtFine_instanceIds.png`, ids);
      write(`${pred}/${name}_pred.png`, draw(new Uint8Array(pixels), moved, labelOf));
    }
    return { gt, pred, args: [], counts: { images: size, pixels: size * pixels } };
  },
};

const pixels = SIZE.width * SIZE.height;

function shapesOf(random: Random): Shape[] {
  return Array.from({ length: 60 }, (_, k) => {
    const labels = random.chance(0.5) ? INSTANCE_LABELS : OTHER_LABELS;
    const label = labels[Math.floor(random.next() * labels.length)]!;
    const instance = labels === INSTANCE_LABELS ? k : undefined;
    return { outline: randomEllipse(random, SIZE), label, instance };
  });
}

const labelOf = ({ label }: Shape) => label;
const instanceOf = ({ label, instance }: Shape) =>
  instance === undefined ? label : 1000 * label + instance;

function draw<T extends Uint8Array | Uint16Array>(
  image: T,
  shapes: readonly Shape[],
  value: (shape: Shape) => number,
): T {
  const { width, height } = SIZE;
  const rows = height / BANDS.length;
  BANDS.forEach((label, k) => image.fill(label, k * rows * width, (k + 1) * rows * width));
  for (const shape of shapes) {
    eachColumn(shape.outline, SIZE, (column, top, bottom) => {
      for (let row = top; row < bottom; row++) image[row * width + column] = value(shape);
    });
  }
  return image;
}

function write(path: string, samples: Uint8Array | Uint16Array): void {
  Deno.writeFileSync(path, encodePng({ ...SIZE, channels: 1, samples }));
}
