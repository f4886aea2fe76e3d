/**
 * Swin Transformer (Liu et al. 2021) as BEVFusion runs it, by the names of mmdetection: patches of
 * 4 x 4 pixels, four stages of blocks whose windows move every other time, patches merged between.
 */
import { Gelu, LayerNorm } from "../layers/row_norm.ts";
import { Unfold } from "../layers/unfold.ts";
import { WINDOW, WindowAttention } from "../layers/window_attention.ts";
import type { Parameter } from "../layer.ts";
import type { NetworkBuilder } from "../network.ts";
import { bevSpace, type GridValue, Planes } from "../planes.ts";
import type { Three } from "../value.ts";

/** The size of a Swin Transformer. */
export interface SwinSize {
  /** Channels of the first stage; each stage doubles them. */
  readonly channels: number;
  readonly depths: readonly number[];
  readonly heads: readonly number[];
}

const SWIN_TINY: SwinSize = { channels: 96, depths: [2, 2, 6, 2], heads: [3, 6, 12, 24] };
const MLP_RATIO = 4;

/** The normed features of stages 1, 2 and 3, at strides 8, 16 and 32. */
export function swin(
  net: NetworkBuilder,
  name: string,
  images: GridValue,
  { channels, depths, heads }: SwinSize = SWIN_TINY,
): GridValue[] {
  const embed = `${name}.patch_embed`;
  const patches = { kernel: 4, stride: 4, padding: 0, bias: true, relu: false };
  const planes = new Planes(net, "xy");
  const projected = planes.conv(`${embed}.projection`, images, channels, patches);
  let x = layerNorm(net, `${embed}.norm`, projected);
  const outputs: GridValue[] = [];
  for (const [stage, depth] of depths.entries()) {
    if (stage > 0) x = merged(net, `${name}.stages.${stage - 1}.downsample`, x);
    for (let i = 0; i < depth; i++) {
      const shift = i % 2 === 1 ? WINDOW >> 1 : 0;
      x = swinBlock(net, `${name}.stages.${stage}.blocks.${i}`, x, heads[stage]!, shift);
    }
    if (stage > 0) outputs.push(layerNorm(net, `${name}.norm${stage}`, x));
  }
  return outputs;
}

function layerNorm(net: NetworkBuilder, name: string, from: GridValue): GridValue {
  const to = net.value(from.space, from.channels);
  net.add(new LayerNorm(name, from, to));
  return to;
}

/** x + attention(norm(x)), then that + mlp(norm(that)). */
function swinBlock(
  net: NetworkBuilder,
  name: string,
  from: GridValue,
  heads: number,
  shift: number,
): GridValue {
  const attended = net.value(from.space, from.channels);
  const normed = layerNorm(net, `${name}.norm1`, from);
  net.add(new WindowAttention(`${name}.attn.w_msa`, normed, attended, heads, shift));
  const x = net.sum(attended, from);
  const hidden = net.linear(
    `${name}.ffn.layers.0.0`,
    layerNorm(net, `${name}.norm2`, x),
    MLP_RATIO * from.channels,
  );
  const active = net.value(hidden.space, hidden.channels);
  net.add(new Gelu(hidden, active));
  return net.linear(`${name}.ffn.layers.1`, active, from.channels, { residual: x });
}

/** Half the resolution, twice the channels. */
function merged(net: NetworkBuilder, name: string, from: GridValue): GridValue {
  const [h, w] = from.space.size;
  const size: Three = [Math.ceil(h / 2), Math.ceil(w / 2), 1];
  const { copies } = from.space;
  const space = { ...bevSpace(size), ...(copies && { copies }) };
  const unfolded = net.value(space, 4 * from.channels);
  net.add(new Unfold(from, unfolded));
  const normed = layerNorm(net, `${name}.norm`, unfolded);
  return net.linear(`${name}.reduction`, normed, 2 * from.channels, { bias: null });
}

/** Tables of indices that checkpoints carry along. */
export function swinIndices(name: string, { depths }: SwinSize = SWIN_TINY): Parameter[] {
  return depths.flatMap((depth, stage) =>
    Array.from({ length: depth }, (_, i) => ({
      name: `${name}.stages.${stage}.blocks.${i}.attn.w_msa.relative_position_index`,
      shape: [WINDOW ** 2, WINDOW ** 2],
      kind: "buffer" as const,
    }))
  );
}
