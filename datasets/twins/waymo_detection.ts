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

/** Fields of the wire format, appended one by one. */
class Message {
  readonly bytes: number[] = [];

  double(field: number, value: number): this {
    return this.#fixed(field, 1, new Float64Array([value]));
  }

  float(field: number, value: number): this {
    return this.#fixed(field, 5, new Float32Array([value]));
  }

  int(field: number, value: number): this {
    this.bytes.push(field << 3);
    this.#varint(value);
    return this;
  }

  append(field: number, content: ArrayLike<number>): this {
    this.bytes.push(field << 3 | 2);
    this.#varint(content.length);
    for (let i = 0; i < content.length; i++) this.bytes.push(content[i]!);
    return this;
  }

  #fixed(field: number, wire: number, value: Float32Array | Float64Array): this {
    this.bytes.push(field << 3 | wire, ...new Uint8Array(value.buffer));
    return this;
  }

  #varint(value: number): void {
    for (; value >= 128; value = Math.floor(value / 128)) this.bytes.push(value % 128 + 128);
    this.bytes.push(value);
  }
}

interface Placed {
  readonly type: number;
  /** x, y, z, length, width, height, heading. */
  readonly box: readonly number[];
}

interface Frame {
  readonly context: Uint8Array;
  readonly time: number;
}

/** Waymo's serialized objects: about 43 labels and 71 predictions a frame. */
export const waymoDetectionTwin: Twin = {
  benchmark: "waymo-detection",
  unit: "frames",
  official: { size: 200, seconds: 1.217 },

  async write(out, size, seed): Promise<TwinFiles> {
    const truth: Uint8Array[] = [];
    const predicted: Uint8Array[] = [];
    for (let index = 0; index < size; index++) {
      const random = new Random(seed, index);
      const context = `context-${Math.floor(index / FRAMES_A_CONTEXT)}`;
      const frame = {
        context: new TextEncoder().encode(context),
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
function objects(messages: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const heads = messages.map((message) =>
    new Message().append(1, new Uint8Array(message.length))
      .bytes.slice(0, -message.length)
  );
  const length = messages.reduce((sum, message, i) => sum + heads[i]!.length + message.length, 0);
  const all = new Uint8Array(length);
  let at = 0;
  messages.forEach((message, i) => {
    all.set(heads[i]!, at);
    all.set(message, at + heads[i]!.length);
    at += heads[i]!.length + message.length;
  });
  return all;
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

function labelOf({ type, box }: Placed): Message {
  const message = new Message();
  box.forEach((value, i) => message.double(BOX_FIELDS[i]!, value));
  return new Message().append(1, message.bytes).int(3, type);
}

function truthOf(random: Random, placed: Placed, { context, time }: Frame): Uint8Array {
  const label = labelOf(placed).int(7, between(random, 0, 120));
  return Uint8Array.from(
    new Message().append(1, label.bytes).append(4, context).int(5, time).bytes,
  );
}

function predictionOf(random: Random, placed: Placed, { context, time }: Frame): Uint8Array {
  const label = labelOf(placed);
  const object = new Message().append(1, label.bytes).float(2, random.next());
  return Uint8Array.from(object.append(4, context).int(5, time).bytes);
}
