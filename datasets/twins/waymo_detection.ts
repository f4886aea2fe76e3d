import { MessageWriter } from "../../std/protobuf_writer.ts";
import { Random } from "../synth/random.ts";
import { between, pick, spread } from "./scatter.ts";
import type { Twin, TwinFiles } from "./twin.ts";

/** Type, length, width, height in metres. */
const KINDS = [
  [1, 4.7, 2.1, 1.8],
  [1, 4.7, 2.1, 1.8],
  [2, 0.9, 0.85, 1.75],
  [2, 0.9, 0.85, 1.75],
  [3, 0.3, 0.6, 0.7],
  [4, 1.8, 0.8, 1.75],
] as const;
const FRAMES_A_CONTEXT = 198;

interface Placed {
  readonly type: number;
  /** x, y, z, length, width, height, heading. */
  readonly box: readonly number[];
}

interface Frame {
  readonly context: string;
  readonly time: number;
}

/** Waymo's serialized objects: about 43 labels and 71 predictions a frame. */
export const waymoDetectionTwin: Twin = {
  benchmark: "waymo-detection",
  unit: "frames",
  official: { size: 200, seconds: 1.217 },

  async write(out, size, seed): Promise<TwinFiles> {
    const truth: MessageWriter[] = [];
    const predicted: MessageWriter[] = [];
    for (let index = 0; index < size; index++) {
      const random = new Random(seed, index);
      const frame = {
        context: `context-${Math.floor(index / FRAMES_A_CONTEXT)}`,
        time: 1_550_083_467_346_370 + index * 100_000,
      };
      for (let i = between(random, 30, 56); i > 0; i--) {
        const placed = place(random);
        truth.push(truthOf(random, placed, frame));
        for (let n = pick(random, [0, 1, 1, 2, 4]); n > 0; n--) {
          predicted.push(predictionOf(random, moved(random, placed), frame));
        }
      }
    }
    const [gt, pred] = [`${out}/ground_truths.bin`, `${out}/predictions.bin`];
    await Deno.writeFile(gt, objects(truth));
    await Deno.writeFile(pred, objects(predicted));
    const counts = { frames: size, boxes: truth.length + predicted.length };
    return { gt, pred, args: [], counts };
  },
};

/** The message of all objects: each as field 1. */
function objects(messages: readonly MessageWriter[]): Uint8Array<ArrayBuffer> {
  const all = new MessageWriter();
  for (const message of messages) all.bytes(1, message);
  return all.finish();
}

function place(random: Random): Placed {
  const [type, ...size] = pick(random, KINDS);
  const centre = [random.range(-70, 70), random.range(-70, 70), random.range(-0.5, 2)];
  const sides = size.map((side) => side * random.range(0.85, 1.2));
  return { type, box: [...centre, ...sides, random.range(-Math.PI, Math.PI)] };
}

function moved(random: Random, { type, box }: Placed): Placed {
  const noise = random.range(0, 0.12);
  return { type, box: box.map((value, i) => value + (i < 6 ? noise : 0.1) * spread(random)) };
}

/** Field numbers of a box by position: the width comes before the length. */
const BOX_FIELDS = [1, 2, 3, 5, 4, 6, 7] as const;

function labelOf({ type, box }: Placed): MessageWriter {
  const message = new MessageWriter();
  box.forEach((value, i) => message.double(BOX_FIELDS[i]!, value));
  return new MessageWriter().bytes(1, message).int(3, type);
}

function truthOf(random: Random, placed: Placed, { context, time }: Frame): MessageWriter {
  const label = labelOf(placed).int(7, between(random, 0, 120));
  return new MessageWriter().bytes(1, label).bytes(4, context).int(5, time);
}

function predictionOf(random: Random, placed: Placed, { context, time }: Frame): MessageWriter {
  const object = new MessageWriter().bytes(1, labelOf(placed)).float(2, random.next());
  return object.bytes(4, context).int(5, time);
}
