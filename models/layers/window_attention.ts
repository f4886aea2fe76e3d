/** Attention in windows, as mmdetection's Swin has it (ShiftWindowMSA, WindowMSA). */
import { attention, linear, type Tensor } from "../../ffi/mod.ts";
import type { Device, Kernel, Layer, Parameter } from "../layer.ts";
import type { GridValue } from "../planes.ts";
import { memo, type Scene } from "../scene.ts";
import { requireDense } from "./join.ts";
import { projected, projection, stackedProjections } from "./projection.ts";

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
    requireDense(device, "attend", true);
    const { from, to, name, heads } = this;
    const [weight, bias] = ["weight", "bias"].map((part) => device.weights(`${name}.qkv.${part}`));
    const [query, key, value] = stackedProjections(device, weight!, bias!);
    const last = projection(
      device,
      device.weights(`${name}.proj.weight`),
      device.weights(`${name}.proj.bias`),
    );
    const given = {
      // What the projections make of a row of zeros.
      pad: { key: key.bias, value: value.bias },
      bias: this.#biases(device),
      ...(this.shift > 0 && { mask: this.#mask(device) }),
    };
    const windows = new Map<number, Tensor<"i32">>();
    return ({ at, scene }) => {
      const x = at(from) as F32;
      const rows = scene.rows(from.space);
      const tokens = memo(windows, rows, () => this.#tokens(device, rows));
      using queries = projected(x, query);
      using keys = projected(x, key);
      using values = projected(x, value);
      using joined = device.ctx.tensor("f32", queries.shape);
      const read = { query: queries, key: keys, value: values };
      attention(read, { queries: tokens, keys: tokens, ...given }, joined, heads);
      linear(joined, last.weight, at(to) as F32, { shift: last.bias });
    };
  }

  /** What is added between the tokens of a window: [heads, TOKENS, TOKENS]. */
  #biases({ ctx, own, weights }: Device): F32 {
    const table = weights(`${this.name}.relative_position_bias_table`);
    const values = Float32Array.from({ length: this.heads * TOKENS ** 2 }, (_, at) => {
      const [i, j] = [Math.floor(at / TOKENS) % TOKENS, at % TOKENS];
      return table[distance(i, j) * this.heads + Math.floor(at / TOKENS ** 2)]!;
    });
    return own.use(ctx.tensorFrom("f32", [this.heads, TOKENS, TOKENS], values));
  }

  /** What keeps tokens of other parts of the image apart: [windows, TOKENS, TOKENS]. */
  #mask({ ctx, own }: Device): F32 {
    const [high, wide] = this.#windows.map((count) => count * WINDOW) as [number, number];
    const parts = this.#places().map(([v, u]) => 3 * this.#region(v, high) + this.#region(u, wide));
    const windows = parts.length / TOKENS;
    const values = Float32Array.from({ length: windows * TOKENS ** 2 }, (_, at) => {
      const first = Math.floor(at / TOKENS ** 2) * TOKENS;
      const [i, j] = [Math.floor(at / TOKENS) % TOKENS, at % TOKENS];
      return parts[first + i] === parts[first + j] ? 0 : APART;
    });
    return own.use(ctx.tensorFrom("f32", [windows, TOKENS, TOKENS], values));
  }

  /** Rows of the tokens of every window, -1 for pads: [images * windows, TOKENS]. */
  #tokens({ ctx, own }: Device, rows: number): Tensor<"i32"> {
    const { size: [h, w] } = this.from.space;
    const [high, wide] = this.#windows.map((count) => count * WINDOW) as [number, number];
    const places = this.#places();
    const images = rows / (h * w);
    const tokens = new Int32Array(images * places.length);
    for (let image = 0; image < images; image++) {
      places.forEach(([v, u], i) => {
        const [y, x] = [(v + this.shift) % high, (u + this.shift) % wide];
        const row = y < h && x < w ? (image * h + y) * w + x : -1;
        tokens[image * places.length + i] = row;
      });
    }
    return own.use(ctx.tensorFrom("i32", [tokens.length / TOKENS, TOKENS], tokens));
  }

  /** Where the tokens of every window lie in the moved image, window after window. */
  #places(): [number, number][] {
    const [down, across] = this.#windows;
    return Array.from({ length: down * across * TOKENS }, (_, i) => {
      const [window, t] = [Math.floor(i / TOKENS), i % TOKENS];
      const v = Math.floor(window / across) * WINDOW + Math.floor(t / WINDOW);
      return [v, window % across * WINDOW + t % WINDOW];
    });
  }

  /** Moved windows at the border hold tokens from both ends, which do not see each other. */
  #region(at: number, length: number): number {
    if (this.shift === 0 || at < length - WINDOW) return 0;
    return at < length - this.shift ? 1 : 2;
  }
}

/** Place in the table of two tokens of a window. */
function distance(i: number, j: number): number {
  const dy = Math.floor(i / WINDOW) - Math.floor(j / WINDOW);
  const dx = i % WINDOW - j % WINDOW;
  return (dy + WINDOW - 1) * SPAN + dx + WINDOW - 1;
}
