/** Parts of a kernel map: what a reference can afford, and what of it a weight meets. */
import { kernelVolume } from "../../ffi/mod.ts";
import type { LayerMap } from "../harness/scene.ts";

/** Pairs of each offset. */
export function pairsByOffset({ map, outputs }: LayerMap): number[] {
  return Array.from({ length: map.length / outputs }, (_, k) => {
    let pairs = 0;
    for (let m = k * outputs; m < (k + 1) * outputs; m++) pairs += map[m]! >= 0 ? 1 : 0;
    return pairs;
  });
}

/** The columns [KV, rows] of the map that belong to some of its output rows. */
export function mapOfRows(
  { map, outputs, layer }: Pick<LayerMap, "map" | "outputs" | "layer">,
  rows: Int32Array,
): Int32Array {
  const kv = kernelVolume(layer);
  const some = new Int32Array(kv * rows.length);
  for (let k = 0; k < kv; k++) {
    rows.forEach((row, i) => some[k * rows.length + i] = map[k * outputs + row]!);
  }
  return some;
}
