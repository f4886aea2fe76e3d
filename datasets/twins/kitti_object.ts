import { Random } from "../synth/random.ts";
import { between, pick, spread } from "./scatter.ts";
import type { Twin, TwinFiles } from "./twin.ts";

/** Types with the height, width and length that they have in KITTI, in metres. */
const TYPES = [
  ...Array(6).fill(["Car", 1.53, 1.63, 3.88]),
  ["Van", 2.2, 1.9, 5.1],
  ["Pedestrian", 1.76, 0.66, 0.84],
  ["Pedestrian", 1.76, 0.66, 0.84],
  ["Cyclist", 1.74, 0.6, 1.76],
  ["DontCare", -1, -1, -1],
] as const;
const FOCAL = 721.5;

/** Numbers of a label line, in its order, after the type. */
type Line = readonly number[];

/** KITTI's labels and a detector's results: about eight objects and twelve detections a frame. */
export const kittiObjectTwin: Twin = {
  benchmark: "kitti-object",
  unit: "frames",
  official: { size: 3769, seconds: 42.666 },

  async write(out, size, seed): Promise<TwinFiles> {
    const [gt, pred] = [`${out}/label_2`, `${out}/data`];
    await Deno.mkdir(gt, { recursive: true });
    await Deno.mkdir(pred, { recursive: true });
    let boxes = 0;
    for (let frame = 0; frame < size; frame++) {
      const random = new Random(seed, frame);
      const labels: string[] = [];
      const results: string[] = [];
      for (let i = between(random, 3, 13); i > 0; i--) writeObject(random, labels, results);
      boxes += labels.length + results.length;
      const name = `${String(frame).padStart(6, "0")}.txt`;
      Deno.writeTextFileSync(`${gt}/${name}`, labels.join(""));
      Deno.writeTextFileSync(`${pred}/${name}`, results.join(""));
    }
    return { gt, pred, args: [], counts: { frames: size, boxes } };
  },
};

/** An object, none to three detections of it, and now and then one of nothing. */
function writeObject(random: Random, labels: string[], results: string[]): void {
  const [type, h, w, l] = pick(random, TYPES) as readonly [string, number, number, number];
  const z = random.range(4, 70);
  const at = [random.range(-0.6, 0.6) * z, random.range(1.4, 1.9), z] as const;
  const angle = random.range(-Math.PI, Math.PI);
  if (type === "DontCare") {
    const box = imageBox(at, [1.5, 1.6, 3.9]);
    labels.push(line(type, [-1, -1, -10, ...box, -1, -1, -1, -1000, -1000, -1000, -10]));
    return;
  }
  const size = [h, w, l].map((side) => side * random.range(0.85, 1.15));
  const occlusion = between(random, 0, 3);
  const truncation = random.chance(0.9) ? 0 : random.next();
  const truth = [...imageBox(at, size), ...size, ...at, angle];
  labels.push(line(type, [truncation, occlusion, alphaOf(at, angle), ...truth]));
  for (let n = pick(random, [0, 1, 1, 1, 2, 3]); n > 0; n--) {
    const noise = random.range(0, 0.08);
    const place = at.map((v) => v + spread(random) * noise * 2);
    const sides = size.map((v) => v * (1 + spread(random) * noise));
    const heading = angle + spread(random) * noise;
    const box = [...imageBox(place, sides), ...sides, ...place, heading];
    const name = type === "Van" ? "Car" : type;
    results.push(line(name, [-1, -1, alphaOf(place, heading), ...box, random.next()], 4));
  }
  if (random.chance(0.2)) {
    const place = [at[0] + random.range(-9, 9), at[1], at[2] + random.range(5, 20)];
    const box = [...imageBox(place, size), ...size, ...place, angle];
    results.push(line("Car", [-1, -1, alphaOf(place, angle), ...box, random.next() / 2], 4));
  }
}

/** The box around the projection, x1 y1 x2 y2 in pixels. */
function imageBox(at: readonly number[], size: readonly number[]): number[] {
  const scale = FOCAL / Math.max(2, at[2]!);
  const [u, bottom] = [609.6 + at[0]! * scale, 172.9 + at[1]! * scale];
  const half = scale * (size[1]! + size[2]!) / 4;
  return [u - half, bottom - size[0]! * scale, u + half, bottom];
}

/** The heading as seen from the camera. */
function alphaOf(at: readonly number[], heading: number): number {
  return heading - Math.atan2(at[0]!, at[2]!);
}

function line(type: string, numbers: Line, digits = 2): string {
  const texts = numbers.map((value) => Number.isInteger(value) ? value : value.toFixed(digits));
  return `${type} ${texts.join(" ")}\n`;
}
