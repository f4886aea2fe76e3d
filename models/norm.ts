/** Batch norm in evaluation: a scale and a shift a channel, which the layer before takes in. */
import type { Device, Parameter } from "./layer.ts";

/** A batch norm by its name in the checkpoint. */
export interface Norm {
  readonly name: string;
  /** Added to the variance: 1e-5 in segmentation, 1e-3 in detection. */
  readonly epsilon: number;
}

/** Its tensors; running statistics are buffers. */
export function normParameters({ name }: Norm, channels: number): Parameter[] {
  return (["weight", "bias", "running_mean", "running_var"] as const).map((part) => ({
    name: `${name}.${part}`,
    shape: [channels],
    kind: part.startsWith("running") ? "buffer" : "weight",
  }));
}

/** What a bias and a batch norm do to a sum: scale * sum + shift; null does nothing. */
export interface Affine {
  readonly scale: Float32Array | null;
  readonly shift: Float32Array | null;
}

/** The two in one: gamma / sqrt(var + eps) and beta + (bias - mean) * scale, rounded once. */
export function foldedNorm(
  { weights }: Pick<Device, "weights">,
  { bias: biasName, norm }: { readonly bias: string | null; readonly norm: Norm | null },
): Affine {
  const bias = biasName === null ? null : weights(biasName);
  if (norm === null) return { scale: null, shift: bias };
  const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"]
    .map((part) => weights(`${norm.name}.${part}`)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
  const exact = Float64Array.from(gamma, (g, c) => g / Math.sqrt(variance[c]! + norm.epsilon));
  return {
    scale: Float32Array.from(exact),
    shift: Float32Array.from(exact, (s, c) => beta[c]! + ((bias?.[c] ?? 0) - mean[c]!) * s),
  };
}
