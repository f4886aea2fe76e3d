/**
 * Detection networks once more, in double precision and with nothing but loops: spconv's layers over
 * (z, y, x) and PyTorch's over [C, H, W], written from their definitions. What tests compare with.
 */
import type { Weights } from "./weights.ts";

type Three = readonly [number, number, number];

/** Sparse features in a box, by "z,y,x". */
export interface Volume {
  readonly size: Three;
  readonly cells: ReadonlyMap<string, Float64Array>;
}

/** A dense image [C][H][W]. */
export interface Plane {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float64Array;
}

/** How a layer of spconv steps; z, y, x. */
export interface Steps {
  readonly kernel: Three;
  readonly stride: Three;
  readonly padding: Three;
}

export const SUBMANIFOLD: Steps = { kernel: [3, 3, 3], stride: [1, 1, 1], padding: [1, 1, 1] };

/** Applies modules by their names in a checkpoint. */
export class DenseReference {
  constructor(private readonly weights: Weights, private readonly storage: "spconv1" | "spconv2") {}

  #array(name: string): Float64Array {
    return Float64Array.from(this.weights.get(name));
  }

  /** spconv: at the inputs' own places where `steps` is SUBMANIFOLD, else wherever one is seen. */
  spconv(x: Volume, name: string, cout: number, steps: Steps, bias?: string): Volume {
    const { kernel, stride, padding } = steps;
    const size = x.size.map((n, d) =>
      Math.floor((n + 2 * padding[d]! - kernel[d]!) / stride[d]!) + 1
    ) as unknown as Three;
    const weight = this.#array(name);
    const taps = kernel[0] * kernel[1] * kernel[2];
    const [offset] = [bias === undefined ? new Float64Array(cout) : this.#array(bias)];
    const cells = new Map<string, Float64Array>();
    const own = steps === SUBMANIFOLD;
    for (let z = 0; z < size[0]; z++) {
      for (let y = 0; y < size[1]; y++) {
        for (let x0 = 0; x0 < size[2]; x0++) {
          if (own && !x.cells.has(`${z},${y},${x0}`)) continue;
          const out = Float64Array.from(offset);
          let seen = false;
          for (let tap = 0; tap < taps; tap++) {
            const [i, j, k] = [
              Math.floor(tap / (kernel[1] * kernel[2])),
              Math.floor(tap / kernel[2]) % kernel[1],
              tap % kernel[2],
            ];
            const at = [
              z * stride[0] - padding[0] + i,
              y * stride[1] - padding[1] + j,
              x0 * stride[2] - padding[2] + k,
            ];
            const row = x.cells.get(at.join());
            if (row === undefined) continue;
            seen = true;
            const cin = row.length;
            for (let c = 0; c < cin; c++) {
              for (let o = 0; o < cout; o++) {
                const index = this.storage === "spconv1"
                  ? (tap * cin + c) * cout + o
                  : (o * taps + tap) * cin + c;
                out[o]! += row[c]! * weight[index]!;
              }
            }
          }
          if (seen) cells.set(`${z},${y},${x0}`, out);
        }
      }
    }
    return { size, cells };
  }

  /** Batch norm of a volume or a plane. */
  norm<T extends Volume | Plane>(x: T, name: string, epsilon: number): T {
    const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"]
      .map((part) => this.#array(`${name}.${part}`)) as [
        Float64Array,
        Float64Array,
        Float64Array,
        Float64Array,
      ];
    return perChannel(
      x,
      (value, c) => (value - mean[c]!) / Math.sqrt(variance[c]! + epsilon) * gamma[c]! + beta[c]!,
    );
  }

  /** nn.Conv2d. */
  conv2d(
    x: Plane,
    name: string,
    { kernel = 3, stride = 1, padding = kernel >> 1, bias = false }: {
      readonly kernel?: number;
      readonly stride?: number;
      readonly padding?: number;
      readonly bias?: boolean;
    } = {},
  ): Plane {
    const weight = this.#array(`${name}.weight`);
    const channels = weight.length / (x.channels * kernel * kernel);
    const offsets = bias ? this.#array(`${name}.bias`) : new Float64Array(channels);
    const [height, width] = [x.height, x.width].map((n) =>
      Math.floor((n + 2 * padding - kernel) / stride) + 1
    ) as [number, number];
    return plane(channels, height, width, (o, y, u) => {
      let sum = offsets[o]!;
      for (let c = 0; c < x.channels; c++) {
        for (let i = 0; i < kernel; i++) {
          for (let j = 0; j < kernel; j++) {
            const value = valueAt(x, c, y * stride - padding + i, u * stride - padding + j);
            sum += value * weight[((o * x.channels + c) * kernel + i) * kernel + j]!;
          }
        }
      }
      return sum;
    });
  }

  /** nn.ConvTranspose2d with kernel = stride and no bias. */
  deconv2d(x: Plane, name: string, stride: number): Plane {
    const weight = this.#array(`${name}.weight`);
    const channels = weight.length / (x.channels * stride * stride);
    return plane(channels, x.height * stride, x.width * stride, (o, y, u) => {
      let sum = 0;
      for (let c = 0; c < x.channels; c++) {
        const at = ((c * channels + o) * stride + y % stride) * stride + u % stride;
        sum += valueAt(x, c, Math.floor(y / stride), Math.floor(u / stride)) * weight[at]!;
      }
      return sum;
    });
  }
}

/** Fills a plane. */
export function plane(
  channels: number,
  height: number,
  width: number,
  of: (channel: number, y: number, x: number) => number,
): Plane {
  const values = new Float64Array(channels * height * width);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) values[(c * height + y) * width + x] = of(c, y, x);
    }
  }
  return { channels, height, width, values };
}

/** 0 outside. */
export function valueAt({ height, width, values }: Plane, c: number, y: number, x: number): number {
  if (y < 0 || x < 0 || y >= height || x >= width) return 0;
  return values[(c * height + y) * width + x]!;
}

function perChannel<T extends Volume | Plane>(x: T, of: (value: number, c: number) => number): T {
  if ("cells" in x) {
    const cells = new Map([...x.cells].map(([key, row]) => [key, row.map(of)]));
    return { ...x, cells };
  }
  const area = x.height * x.width;
  return { ...x, values: x.values.map((value, i) => of(value, Math.floor(i / area))) };
}

export function relu<T extends Volume | Plane>(x: T): T {
  return perChannel(x, (value) => Math.max(0, value));
}

/** The same places in both. */
export function addVolumes(a: Volume, b: Volume): Volume {
  const cells = new Map(
    [...a.cells].map(([key, row]) => [key, row.map((v, c) => v + b.cells.get(key)![c]!)]),
  );
  return { ...a, cells };
}

/** dense() of (C, D, H, W) seen as C * D channels. */
export function heightCompressed({ size: [depth, height, width], cells }: Volume): Plane {
  const channels = cells.values().next().value!.length;
  return plane(
    channels * depth,
    height,
    width,
    (c, y, x) => cells.get(`${c % depth},${y},${x}`)?.[Math.floor(c / depth)] ?? 0,
  );
}

export function catPlanes(...parts: readonly Plane[]): Plane {
  const [first] = parts;
  const values = Float64Array.from(parts.flatMap((part) => [...part.values]));
  return { ...first!, channels: parts.reduce((sum, p) => sum + p.channels, 0), values };
}
