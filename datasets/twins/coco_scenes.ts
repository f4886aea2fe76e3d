/** Ground truth and results of COCO's instance benchmarks, image by image. */
import { Random } from "../synth/random.ts";
import {
  boxOf,
  type Ellipse,
  jitter,
  polygonOf,
  randomEllipse,
  runsOf,
  textOf,
} from "./ellipses.ts";
import type { TwinFiles } from "./twin.ts";

const CATEGORIES = 80;
const SIZE = { width: 640, height: 480 };
/** Detections an image, as a detector with 100 slots and a low threshold gives them. */
const DETECTIONS = 52;

/** An object that an image shows. */
interface Thing {
  readonly category: number;
  readonly outline: Ellipse;
  readonly crowd: boolean;
}

/** Writes `instances.json` and `results.json`; results carry masks if `masks`, boxes otherwise. */
export async function writeCoco(
  out: string,
  images: number,
  { seed, masks }: { readonly seed: number; readonly masks: boolean },
): Promise<TwinFiles> {
  const [gt, pred] = [`${out}/instances.json`, `${out}/results.json`];
  const objects = await writeTruth(gt, images, seed);
  await writeLines(pred, "[", resultsOf(images, seed, masks), "]\n");
  const detections = images * DETECTIONS;
  return { gt, pred, args: [], counts: { images, objects, detections } };
}

async function writeTruth(path: string, images: number, seed: number): Promise<number> {
  const every = [...Array(images).keys()];
  const heads = every.map((i) => JSON.stringify({ id: imageId(i), ...SIZE }));
  const categories = Array.from(
    { length: CATEGORIES },
    (_, k) => JSON.stringify({ id: k + 1, name: `class ${k + 1}` }),
  );
  let id = 0;
  function* objects(): Generator<string> {
    for (const i of every) for (const thing of thingsOf(i, seed)) yield annotation(thing, i, ++id);
  }
  const head = `{"images":[${heads.join(",\n")}],\n"categories":[${categories.join(",")}],\n` +
    `"annotations":[`;
  await writeLines(path, head, objects(), "]}\n");
  return id;
}

/** Ids that grow with gaps, as in the real files. */
function imageId(index: number): number {
  return 139 + 116 * index;
}

function thingsOf(image: number, seed: number): Thing[] {
  const random = new Random(seed, image, 0);
  return Array.from({ length: 1 + Math.floor(random.next() * 14) }, () => ({
    category: 1 + Math.floor(random.next() ** 2 * CATEGORIES),
    outline: randomEllipse(random, SIZE),
    crowd: random.chance(0.012),
  }));
}

function annotation({ category, outline, crowd }: Thing, image: number, id: number): string {
  const { counts, area } = runsOf(outline, SIZE);
  return JSON.stringify({
    id,
    "image_id": imageId(image),
    "category_id": category,
    bbox: boxOf(outline),
    area,
    iscrowd: Number(crowd),
    segmentation: crowd ? { size: [SIZE.height, SIZE.width], counts } : [polygonOf(outline, 24)],
  });
}

function* resultsOf(images: number, seed: number, masks: boolean): Generator<string> {
  for (let image = 0; image < images; image++) {
    const random = new Random(seed, image, 1);
    const things = thingsOf(image, seed);
    for (let d = 0; d < DETECTIONS; d++) {
      const thing = things[Math.floor(random.next() * things.length)]!;
      // A third finds something, closely or not; the rest is noise of low scores.
      const found = d % 3 === 0;
      const outline = found
        ? jitter(random, thing.outline, random.range(0, 0.3))
        : randomEllipse(random, SIZE);
      const category = found || random.chance(0.5)
        ? thing.category
        : 1 + Math.floor(random.next() * CATEGORIES);
      const score = Math.round((found ? random.next() : 0.3 * random.next()) * 1e5) / 1e5;
      const shape = masks
        ? {
          segmentation: {
            size: [SIZE.height, SIZE.width],
            counts: textOf(runsOf(outline, SIZE).counts),
          },
        }
        : { bbox: boxOf(outline) };
      yield JSON.stringify({
        "image_id": imageId(image),
        "category_id": category,
        ...shape,
        score,
      });
    }
  }
}

/** Writes `head`, the entries with commas between, and `tail`, a part at a time. */
async function writeLines(
  path: string,
  head: string,
  entries: Iterable<string>,
  tail: string,
): Promise<void> {
  using file = await Deno.create(path);
  const encoder = new TextEncoder();
  const writer = file.writable.getWriter();
  let part = head;
  let separator = "";
  for (const entry of entries) {
    part += `${separator}${entry}`;
    separator = ",\n";
    if (part.length < 1 << 20) continue;
    await writer.write(encoder.encode(part));
    part = "";
  }
  await writer.write(encoder.encode(part + tail));
  await writer.close();
}
