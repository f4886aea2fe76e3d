/** THE list of networks that the command line knows by name. To add one: import it, list it. */
import { unknownName } from "../std/errors.ts";
import type { Network } from "./network.ts";
import { minkunet, type UNetSize } from "./nets/minkunet.ts";
import { RES16, res16unet } from "./nets/res16unet.ts";
import { pointPositions, spvcnn } from "./nets/spvcnn.ts";
import { spvnas } from "./nets/spvnas.ts";
import { parseNetConfig } from "./spvnas_sample.ts";

/** A network that labels every voxel of a scan. */
export interface ZooModel {
  readonly about: string;
  /** Whose classes it predicts. */
  readonly dataset: "semantickitti" | "nuscenes";
  readonly classes: number;
  /** Where its points are, for voxel coordinates [M, 4]; null where it has none. */
  readonly positions: ((coords: Int32Array) => Float32Array<ArrayBuffer>) | null;
  /** Whether `build` needs the authors' net.config. */
  readonly configured: boolean;
  /** `path` names the net.config in errors. */
  build(config?: unknown, path?: string): Network;
}

/** Classes that are scored. */
const CLASSES = { semantickitti: 19, nuscenes: 16 } as const;

function entry(
  network: "MinkUNet" | "SPVCNN",
  dataset: ZooModel["dataset"],
  ratio: number,
): ZooModel {
  const size: UNetSize = { ratio, classes: CLASSES[dataset] };
  return {
    about: `${network}, channel ratio ${ratio}, ${size.classes} classes`,
    dataset,
    classes: size.classes,
    positions: network === "SPVCNN" ? pointPositions : null,
    configured: false,
    build: () => network === "SPVCNN" ? spvcnn(size) : minkunet(size),
  };
}

/** A searched network: its authors' net.config says what it is. */
function searched(gmacs: number): ZooModel {
  return {
    about: `SPVNAS of ${gmacs} GMACs by its authors' net.config, 19 classes`,
    dataset: "semantickitti",
    classes: CLASSES.semantickitti,
    // Its points stay where the voxels are, unlike SPVCNN's.
    positions: null,
    configured: true,
    build: (config, path = "the net.config") => spvnas(parseNetConfig(config, path)),
  };
}

/** A network of the Diet paper with intensity beside x, y, z. */
function res16(size: keyof typeof RES16): ZooModel {
  return {
    about: `Res16UNet${size}, 19 classes`,
    dataset: "semantickitti",
    classes: CLASSES.semantickitti,
    positions: null,
    configured: false,
    build: () =>
      res16unet(`Res16UNet${size}`, RES16[size], { inputs: 4, classes: CLASSES.semantickitti }),
  };
}

/** By the names of SPVNAS' model zoo, where it has them. */
export const ZOO: Readonly<Record<string, ZooModel>> = {
  "SemanticKITTI_val_MinkUNet@29GMACs": entry("MinkUNet", "semantickitti", 0.5),
  "SemanticKITTI_val_MinkUNet@46GMACs": entry("MinkUNet", "semantickitti", 0.64),
  "SemanticKITTI_val_MinkUNet@114GMACs": entry("MinkUNet", "semantickitti", 1),
  "SemanticKITTI_val_SPVCNN@30GMACs": entry("SPVCNN", "semantickitti", 0.5),
  "SemanticKITTI_val_SPVCNN@47GMACs": entry("SPVCNN", "semantickitti", 0.64),
  "SemanticKITTI_val_SPVCNN@119GMACs": entry("SPVCNN", "semantickitti", 1),
  "SemanticKITTI_MinkUNet_cr0.32": entry("MinkUNet", "semantickitti", 0.32),
  "SemanticKITTI_SPVCNN_cr0.32": entry("SPVCNN", "semantickitti", 0.32),
  "SemanticKITTI_val_SPVNAS@20GMACs": searched(20),
  "SemanticKITTI_val_SPVNAS@25GMACs": searched(25),
  "SemanticKITTI_val_SPVNAS@35GMACs": searched(35),
  "SemanticKITTI_val_SPVNAS@65GMACs": searched(65),
  "SemanticKITTI_Res16UNet14A": res16("14A"),
  "SemanticKITTI_Res16UNet18A": res16("18A"),
  "SemanticKITTI_Res16UNet34C": res16("34C"),
  "nuScenes_MinkUNet": entry("MinkUNet", "nuscenes", 1),
  "nuScenes_SPVCNN": entry("SPVCNN", "nuscenes", 1),
};

/** @throws {InputError} No network has this name. */
export function zooModel(name: string): ZooModel {
  if (!Object.hasOwn(ZOO, name)) throw unknownName("model", name, Object.keys(ZOO));
  return ZOO[name]!;
}
