import { InputError, unknownName } from "../../std/errors.ts";
import type { Dataset, Part } from "../dataset.ts";
import { exists, foldersIn } from "../frames.ts";
import { sourceKey } from "../parts.ts";
import { PANDASET } from "../published/pandaset.ts";
import { isSample, samplePart } from "./sample.ts";
import { openSequence, readScan } from "./sequence.ts";

/** PandaSet: one scan a frame of both LiDARs, with cuboids, labels where a sequence has them, 6 cameras. */
export const pandaset: Dataset = {
  metadata: {
    dataset: "pandaset",
    version: 1,
    source: "PandaSet (https://pandaset.org)",
    licence: "CC BY 4.0 and the PandaSet dataset terms",
    sensor: "Pandar64, PandarGT and 6 cameras",
    classes: PANDASET.classes,
    features: ["sensor", "seconds"],
    boxFeatures: ["stationary", "sensor"],
  },
  options: ["sequences", "images"],
  async parts(src, options) {
    const found: string[] = [];
    for (const name of await foldersIn(src) ?? []) {
      const folder = `${src}/${name}`;
      if (await exists(`${folder}/lidar`) || await isSample(folder)) found.push(name);
    }
    if (found.length === 0) {
      throw new InputError(
        `Cannot convert "${src}": it holds no SEQUENCE/lidar, and one is needed`,
      );
    }
    const missing = options.sequences?.find((name) => !found.includes(name));
    if (missing !== undefined) throw unknownName("sequence", missing, found);
    const parts: Part[] = [];
    for (const name of new Set(options.sequences ?? found)) {
      const folder = `${src}/${name}`;
      if (!(await exists(`${folder}/lidar`))) {
        parts.push(await samplePart(folder, name, options));
        continue;
      }
      const sequence = await openSequence(folder, name);
      const scans = sequence.frames.map((frame) => `${folder}/lidar/${frame}.pkl.gz`);
      parts.push({
        name: name.replace(/[^A-Za-z0-9._-]/g, "_"),
        length: sequence.frames.length,
        key: await sourceKey([...scans, `${folder}/lidar/poses.json`]),
        async *scans(from, to) {
          for (let i = from; i < to; i++) yield await readScan(sequence, i, options);
        },
      });
    }
    return parts;
  },
};
