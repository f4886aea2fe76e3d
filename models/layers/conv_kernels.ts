/** A {@linkcode Conv} on a device: as a product of rows, a sparse or a weight-sparse convolution. */
import {
  affine,
  CompressedWeight,
  convNeedsPairs,
  convSettings,
  convTakesOrder,
  type Epilogue,
  type Feature,
  linear,
  packedFor,
  sparseConv,
  sparseConvWs,
  type Tensor,
} from "../../ffi/mod.ts";
import { featureTensor } from "../dtype.ts";
import type { Device, Kernel, Run } from "../layer.ts";
import { inputPart, voxmarkWeights } from "../layout.ts";
import { foldedNorm } from "../norm.ts";
import type { Value } from "../value.ts";
import type { Conv, ConvSpec, Part } from "./conv.ts";

type F32 = Tensor<"f32">;
/** What is the same for every scan. */
type Fixed = Pick<Epilogue, "scale" | "shift" | "activation">;

/** Puts weights and folded norm on the device and chooses the kernel. */
export function loadConv(conv: Conv, device: Device): Kernel {
  const weight = weightsOf(conv, device);
  const fixed = epilogueOf(conv, device);
  if (conv.map !== null && isSparse(weight, device)) {
    return weightSparse(conv, device, weight, fixed);
  }
  const inner = [conv.from.channels, conv.to.channels];
  const product = conv.map === null && device.dense;
  const shape = product ? inner : [weight.length / (inner[0]! * inner[1]!), ...inner];
  const put = () => featureTensor(device.ctx, device.dtype, shape, weight);
  if (product) return rowProduct(conv, device.own.use(put()), fixed);
  const variant = device.dataflow(conv);
  const on = device.own.use(packedFor(variant, put()));
  return convolution(conv, device, { variant, weight: on }, fixed);
}

function weightsOf({ spec, kernel, part, from, to }: Conv, device: Device): Float32Array {
  const stored = { layout: spec.layout, kernel, cin: part.of, cout: to.channels };
  const all = voxmarkWeights(device.weights(spec.weight), stored);
  return inputPart(all, stored, part.first, from.channels);
}

/** What follows the sum of a convolution, whatever it sums over. */
export interface Followed {
  readonly spec: Pick<ConvSpec, "bias" | "norm" | "activation">;
  readonly to: Value;
  readonly part: Part;
  readonly residual: Value | null;
}

/** Folds bias and norm and puts them on the device. */
export function epilogueOf({ spec, to, part }: Followed, device: Device): Fixed {
  const { scale, shift } = foldedNorm(device, spec);
  const on = (values: Float32Array) =>
    device.own.use(device.ctx.tensorFrom("f32", [to.channels], values));
  return {
    ...(scale && { scale: on(scale) }),
    ...(shift && !part.shiftless && { shift: on(shift) }),
    activation: spec.activation,
  };
}

/** Only f32 has weight-sparse kernels. */
function isSparse(weight: Float32Array, { dtype, sparseBelow }: Device): boolean {
  if (dtype !== "f32" || sparseBelow <= 0) return false;
  const nonzeros = weight.reduce((count, value) => count + (value === 0 ? 0 : 1), 0);
  return nonzeros < sparseBelow * weight.length;
}

/** The residual of a pass, where there is one. */
export const residualOf = <T extends Feature>({ residual }: Followed, { at }: Run) =>
  residual === null ? {} : { residual: at(residual) as Tensor<T> };

function rowProduct(conv: Conv, weight: Tensor<Feature>, fixed: Fixed): Kernel {
  const { from, to } = conv;
  return (run) =>
    linear(run.at(from), weight, run.at(to), { ...fixed, ...residualOf<Feature>(conv, run) });
}

function convolution(
  conv: Conv,
  device: Device,
  { variant, weight }: { readonly variant: number; readonly weight: Tensor<Feature> },
  fixed: Fixed,
): Kernel {
  const { from, to, map: key } = conv;
  const listed = convNeedsPairs(device.ctx, variant);
  const sorted = convTakesOrder(device.ctx, variant);
  return (run) => {
    const { scene, at } = run;
    const map = key === null ? scene.identity(to.space) : scene.map(key);
    const settings = device.settings(conv);
    const made = listed
      ? scene.pairs(map)
      : sorted
      ? scene.rowOrder(map, settings?.splits ?? 1)
      : null;
    const epilogue = { ...fixed, ...residualOf<Feature>(conv, run) };
    // Settings belong to the context, which models share.
    if (settings !== undefined) convSettings(device.ctx, settings);
    sparseConv(at(from), weight, map, made, at(to), variant, epilogue);
    if (settings !== undefined) convSettings(device.ctx, {});
  };
}

/** The weight-sparse kernels have no epilogue: it is a pass of its own. */
function weightSparse(conv: Conv, device: Device, weight: Float32Array, fixed: Fixed): Kernel {
  const { from, to, map: key } = conv;
  const inner = [from.channels, to.channels];
  const kv = weight.length / (from.channels * to.channels);
  using dense = device.ctx.tensorFrom("f32", [kv, ...inner], weight);
  const compressed = device.own.use(CompressedWeight.from(dense));
  return (run) => {
    const out = run.at(to) as F32;
    sparseConvWs(run.at(from) as F32, compressed, run.scene.map(key!), out);
    affine(out, out, { ...fixed, ...residualOf<"f32">(conv, run) });
  };
}
