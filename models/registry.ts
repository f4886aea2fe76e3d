/** THE list of networks that the command line knows by name. To add one: import it, list it. */
import { unknownName } from "../std/errors.ts";
import type { Network } from "./network.ts";
import { minkunet, type UNetSize } from "./nets/minkunet.ts";
import { pointPositions, spvcnn } from "./nets/spvcnn.ts";

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
  build(config?: unknown): Network;
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
  "nuScenes_MinkUNet": entry("MinkUNet", "nuscenes", 1),
  "nuScenes_SPVCNN": entry("SPVCNN", "nuscenes", 1),
};

/** @throws {InputError} No network has this name. */
export function zooModel(name: string): ZooModel {
  if (!Object.hasOwn(ZOO, name)) throw unknownName("model", name, Object.keys(ZOO));
  return ZOO[name]!;
}
