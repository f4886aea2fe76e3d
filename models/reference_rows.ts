/** Transformers once more, row by row in double precision: what tests compare with. */
import { assertEquals, assertLess } from "@std/assert";
import { Context } from "../ffi/mod.ts";
import { Model } from "./model.ts";
import type { Network } from "./network.ts";
import { Scene } from "./scene.ts";
import type { Weights } from "./weights.ts";

/** A matrix, row by row. */
export type Rows = Float64Array[];

/** The outputs of a network without voxels for the inputs of one scan. */
export function run(
  network: Network,
  weights: Weights,
  inputs: readonly Float32Array[],
): Float32Array[] {
  using ctx = new Context("cpu", { threads: 2 });
  using stack = new DisposableStack();
  const coords = stack.use(ctx.tensorFrom("i32", [1, 4], new Int32Array(4)));
  using model = new Model(ctx, network, weights);
  using scene = new Scene(ctx, { coords }, model.pool);
  const on = network.inputs.map(({ channels }, i) =>
    stack.use(ctx.tensorFrom("f32", [inputs[i]!.length / channels, channels], inputs[i]!))
  );
  return model.forward(scene, on).map((tensor) => tensor.download() as Float32Array);
}

export const rowsOf = (values: Float32Array, width: number): Rows =>
  Array.from(
    { length: values.length / width },
    (_, i) => Float64Array.from(values.subarray(i * width, (i + 1) * width)),
  );

/** Fails beyond 1e-4 of the largest value. */
export function assertClose(found: Float32Array, expected: Rows, what = "") {
  const flat = expected.flatMap((row) => [...row]);
  assertEquals(found.length, flat.length);
  const scale = flat.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = flat.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
  assertLess(worst / scale, 1e-4, what);
}

/** Modules of PyTorch on rows, in double precision. */
export class Rowwise {
  constructor(private readonly weights: Weights) {}

  get(name: string): Float64Array {
    return Float64Array.from(this.weights.get(name));
  }

  linear(x: Rows, weight: Float64Array, bias: Float64Array | null): Rows {
    const cin = x[0]!.length;
    return x.map((row) =>
      Float64Array.from(
        { length: weight.length / cin },
        (_, o) => row.reduce((sum, value, i) => sum + value * weight[o * cin + i]!, bias?.[o] ?? 0),
      )
    );
  }

  named(x: Rows, name: string, biased = true): Rows {
    return this.linear(x, this.get(`${name}.weight`), biased ? this.get(`${name}.bias`) : null);
  }

  layerNorm(x: Rows, name: string): Rows {
    const [gamma, beta] = [this.get(`${name}.weight`), this.get(`${name}.bias`)];
    return x.map((row) => {
      const mean = row.reduce((sum, v) => sum + v, 0) / row.length;
      const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / row.length;
      return row.map((v, c) => (v - mean) / Math.sqrt(variance + 1e-5) * gamma[c]! + beta[c]!);
    });
  }

  batchNorm(x: Rows, name: string): Rows {
    const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"]
      .map((part) => this.get(`${name}.${part}`));
    return x.map((row) =>
      row.map((v, c) => (v - mean![c]!) / Math.sqrt(variance![c]! + 1e-5) * gamma![c]! + beta![c]!)
    );
  }
}

export const plus = (a: Rows, b: Rows): Rows => a.map((row, i) => row.map((v, c) => v + b[i]![c]!));
export const relu = (x: Rows): Rows => x.map((row) => row.map((v) => Math.max(0, v)));

/** softmax(q k^T / sqrt(width) + bias) v, head after head. */
export function attention(
  [q, k, v]: readonly Rows[],
  heads: number,
  bias: (head: number, i: number, j: number) => number,
): Rows {
  const width = q![0]!.length / heads;
  return q!.map((query, i) =>
    Float64Array.from({ length: query.length }, (_, c) => {
      const head = Math.floor(c / width);
      const logits = k!.map((key, j) => {
        let sum = 0;
        for (let d = head * width; d < (head + 1) * width; d++) sum += query[d]! * key[d]!;
        return sum / Math.sqrt(width) + bias(head, i, j);
      });
      const most = Math.max(...logits);
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
      return logits.reduce((sum, logit, j) => sum + Math.exp(logit - most) / total * v![j]![c]!, 0);
    })
  );
}
