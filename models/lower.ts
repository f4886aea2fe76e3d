/**
 * Networks for devices without row products. The sum over the channels of two values side by side is
 * the sum of two convolutions, so that nothing needs to be copied side by side.
 */
import type { Layer } from "./layer.ts";
import { Conv } from "./layers/conv.ts";
import { Concat } from "./layers/join.ts";
import type { Value } from "./value.ts";

/** The layers without concatenations: convolutions read the two halves one after the other. */
export function withoutConcat(layers: readonly Layer[]): Layer[] {
  const halves = new Map<number, readonly [Value, Value]>();
  let id = Math.max(...layers.map(({ to }) => to.id));
  return layers.flatMap((layer): Layer[] => {
    if (layer instanceof Concat) {
      halves.set(layer.to.id, layer.reads);
      return [];
    }
    const pair = layer instanceof Conv ? halves.get(layer.from.id) : undefined;
    return pair === undefined ? [layer] : split(layer as Conv, pair, ++id);
  });
}

/** scale * (a + b) + shift + residual as scale * b + residual, then scale * a + shift + that. */
function split(conv: Conv, [first, second]: readonly [Value, Value], id: number): Layer[] {
  const { spec, map, to, residual } = conv;
  const of = conv.part.of;
  const half: Value = { ...to, id };
  return [
    new Conv({ ...spec, activation: "none" }, map, second, half, residual, {
      first: first.channels,
      of,
      shiftless: true,
    }),
    new Conv(spec, map, first, to, half, { first: 0, of }),
  ];
}
