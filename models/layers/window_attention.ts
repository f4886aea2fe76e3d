/** Attention in windows, as mmdetection's Swin has it (ShiftWindowMSA, WindowMSA). */
import { linear, type Tensor } from "../../ffi/mod.ts";
import type { Device, Kernel, Layer, Parameter } from "../layer.ts";
import { voxmarkWeights } from "../layout.ts";
import type { GridValue } from "../planes.ts";
import type { Scene } from "../scene.ts";
import { attend } from "./attend.ts";
import { requireDense } from "./join.ts";

type F32 = Tensor<"f32">;

/** Tokens a side of a window. */
export const WINDOW = 7;
const TOKENS = WINDOW * WINDOW;
/** Distances that two tokens of a window can have along an axis. */
const SPAN = 2 * WINDOW - 1;
/** Added between tokens of other parts of the image. */
const APART = -100;

/** Images are padded with zeros to whole windows behind the norm, so that pads have biases. */
export class WindowAttention implements Layer {
  readonly op = "window_attention";
  readonly reads: readonly GridValue[];

  constructor(
    /** "...attn.w_msa" */
    readonly name: string,
    readonly from: GridValue,
    readonly to: GridValue,
    readonly heads: number,
    /** Tokens that windows are moved by. */
    readonly shift: number,
  ) {
    this.reads = [from];
  }

  get parameters(): Parameter[] {
    const { name, heads, to: { channels: c } } = this;
    const weight = (part: string, shape: number[], terms?: number): Parameter => ({
      name: `${name}.${part}`,
      shape,
      kind: "weight",
      ...(terms && { terms }),
    });
    return [
      weight("relative_position_bias_table", [SPAN * SPAN, heads]),
      weight("qkv.weight", [3 * c, c], c),
      weight("qkv.bias", [3 * c]),
      weight("proj.weight", [c, c], c),
      weight("proj.bias", [c]),
    ];
  }

  /** Windows along both axes. */
  get #windows(): [number, number] {
    const { size } = this.from.space;
    return [Math.ceil(size[0] / WINDOW), Math.ceil(size[1] / WINDOW)];
  }

  /** Projections of all tokens, pads included, and the two products of every window. */
  macs(scene: Scene): number {
    const { size: [h, w] } = this.from.space;
    const c = this.to.channels;
    const images = scene.rows(this.from.space) / (h * w);
    const tokens = images * this.#windows[0] * this.#windows[1] * TOKENS;
    return tokens * (4 * c * c + 2 * TOKENS * c);
  }

  load(device: Device): Kernel {
    requireDense(device, "attend");
    const { from, to, name } = this;
    const c = to.channels;
    const [qkv, proj] = [3 * c, c].map((cout, i) => {
      const part = i === 0 ? "qkv" : "proj";
      const stored = { layout: "linear", kernel: [1, 1, 1], cin: c, cout } as const;
      const weight = voxmarkWeights(device.weights(`${name}.${part}.weight`), stored);
      const bias = device.weights(`${name}.${part}.bias`);
      return {
        weight: device.own.use(device.ctx.tensorFrom("f32", [c, cout], weight)),
        shift: device.own.use(device.ctx.tensorFrom("f32", [cout], bias)),
      };
    }) as [Projection, Projection];
    const pad = device.weights(`${name}.qkv.bias`);
    const table = device.weights(`${name}.relative_position_bias_table`);
    return ({ at, scene }) => {
      const rows = scene.rows(from.space);
      using projected = device.ctx.tensor("f32", [rows, 3 * c]);
      linear(at(from) as F32, qkv.weight, projected, { shift: qkv.shift });
      // The pads' row is behind those of the image.
      const all = new Float32Array((rows + 1) * 3 * c);
      all.set(projected.download());
      all.set(pad, rows * 3 * c);
      using joined = device.ctx.tensorFrom("f32", [rows, c], this.#attended(all, rows, table));
      linear(joined, proj.weight, at(to) as F32, { shift: proj.shift });
    };
  }

  #attended(qkv: Float32Array, rows: number, table: Float32Array): Float32Array<ArrayBuffer> {
    const c = this.to.channels;
    const out = new Float32Array(rows * c);
    const scores = new Float32Array(TOKENS);
    const width = c / this.heads;
    const biases = this.#biases(table);
    for (const { tokens, regions } of this.#everyWindow(rows)) {
      const keys = tokens.map((row) => row < 0 ? rows : row);
      for (let head = 0; head < this.heads; head++) {
        const part = (i: number) => ({ values: qkv, stride: 3 * c, offset: i * c + head * width });
        const rowsOut = { values: out, stride: c, offset: head * width };
        const bias = masked(biases[head]!, regions);
        attend(
          { query: part(0), key: part(1), value: part(2), out: rowsOut, width },
          tokens,
          keys,
          scores,
          bias,
        );
      }
    }
    return out;
  }

  /** Of every head, what is added between the tokens of a window, [TOKENS, TOKENS]. */
  #biases(table: Float32Array): Float32Array[] {
    return Array.from({ length: this.heads }, (_, head) =>
      Float32Array.from(
        { length: TOKENS * TOKENS },
        (_, at) => table[distance(Math.floor(at / TOKENS), at % TOKENS) * this.heads + head]!,
      ));
  }

  /** Rows of the tokens of every window, -1 for pads, and the part of the image of each. */
  *#everyWindow(rows: number): Generator<{ tokens: Int32Array; regions: Int32Array }> {
    const { size: [h, w] } = this.from.space;
    const [down, across] = this.#windows;
    const [high, wide] = [down * WINDOW, across * WINDOW];
    const tokens = new Int32Array(TOKENS);
    const regions = new Int32Array(TOKENS);
    for (let image = 0; image < rows / (h * w); image++) {
      for (let window = 0; window < down * across; window++) {
        for (let t = 0; t < TOKENS; t++) {
          const v = Math.floor(window / across) * WINDOW + Math.floor(t / WINDOW);
          const u = window % across * WINDOW + t % WINDOW;
          const [y, x] = [(v + this.shift) % high, (u + this.shift) % wide];
          tokens[t] = y < h && x < w ? (image * h + y) * w + x : -1;
          regions[t] = 3 * this.#region(v, high) + this.#region(u, wide);
        }
        yield { tokens, regions };
      }
    }
  }

  /** Moved windows at the border hold tokens from both ends, which do not see each other. */
  #region(at: number, length: number): number {
    if (this.shift === 0 || at < length - WINDOW) return 0;
    return at < length - this.shift ? 1 : 2;
  }
}

interface Projection {
  readonly weight: F32;
  readonly shift: F32;
}

/** `bias` with what keeps tokens of other parts apart; itself where all are of one. */
function masked(bias: Float32Array, regions: Int32Array): Float32Array {
  if (regions.every((region) => region === regions[0])) return bias;
  return bias.map((value, at) =>
    regions[Math.floor(at / TOKENS)] === regions[at % TOKENS] ? value : value + APART
  );
}

/** Place in the table of two tokens of a window. */
function distance(i: number, j: number): number {
  const dy = Math.floor(i / WINDOW) - Math.floor(j / WINDOW);
  const dx = i % WINDOW - j % WINDOW;
  return (dy + WINDOW - 1) * SPAN + dx + WINDOW - 1;
}
