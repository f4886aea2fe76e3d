/** Networks of the Diet paper on the bench's scan: whole, pruned, and pruned on its own kernels. */
import { RES16, res16unet } from "../../models/nets/res16unet.ts";
import { spvcnn } from "../../models/nets/spvcnn.ts";
import type { Network } from "../../models/network.ts";
import { variants } from "../../ffi/mod.ts";
import type { Case } from "../case.ts";
import { networkProblem } from "./network.ts";

const CLASSES = 19;

/** By their names in the paper; x, y, z and intensity go in. */
export const DIET_NETWORKS: Readonly<Record<string, () => Network>> = {
  Res16UNet14A: () => res16("14A"),
  Res16UNet18A: () => res16("18A"),
  Res16UNet34C: () => res16("34C"),
  SPVCNN: () => spvcnn({ ratio: 1, classes: CLASSES }),
};

function res16(size: keyof typeof RES16): Network {
  return res16unet(`Res16UNet${size}`, RES16[size], { inputs: 4, classes: CLASSES });
}

const MEMORY_BYTES = 3e9;

/**
 * @param skipsZeros whether it runs on the weight-sparse kernels
 * @param alongZ modules in a row of which only the offsets along z are left
 */
export function prunedCase(
  name: string,
  rate: number,
  skipsZeros: boolean,
  alongZ: readonly string[] = [],
): Case {
  const cut = alongZ.length > 0 && { z: [...new Set([alongZ[0], alongZ.at(-1)])].join("-") };
  return {
    op: "pruned_network",
    tier: "full",
    onSector: true,
    params: { model: name, pruned: rate, kernels: skipsZeros ? "ws3" : "dense", ...cut },
    memoryBytes: MEMORY_BYTES,
    variants: (backend) => {
      const known = variants(backend, "sparse_conv").slice(0, 1);
      return skipsZeros && variants(backend, "sparse_conv_ws").length === 0 ? [] : known;
    },
    prepare: (bench) =>
      networkProblem(bench, {
        network: DIET_NETWORKS[name]!(),
        dtype: "f32",
        buildsMaps: true,
        pruned: { rate, skipsZeros, alongZ },
      }),
  };
}
