import { InputError, unknownName } from "../../std/errors.ts";
import type { ConvertOptions, Dataset, Part } from "../dataset.ts";
import { fingerprint } from "../fingerprint.ts";
import { sourceKey } from "../parts.ts";
import { WAYMO } from "../published/waymo.ts";
import { indexRecords, readRecord } from "../tfrecord.ts";
import { readFrame } from "./frame.ts";
import type { Scan } from "../scan.ts";
import { WAYMO_POINT_FEATURES } from "./points.ts";
import { joinSweeps } from "./sweeps.ts";

const ENDING = ".tfrecord";

/** The Waymo Open Dataset: one scan a frame, with all lasers, both returns, and five cameras. */
export const waymo: Dataset = {
  metadata: {
    dataset: "waymo",
    version: 1,
    source: "Waymo Open Dataset, perception (https://waymo.com/open)",
    licence: "Waymo Dataset License Agreement for Non-Commercial Use",
    sensor: "5 Waymo LiDARs and 5 cameras",
    classes: WAYMO.classes,
    features: WAYMO_POINT_FEATURES,
    boxFeatures: [
      "speed_x",
      "speed_y",
      "lidar_points",
      "detection_difficulty",
      "tracking_difficulty",
    ],
  },
  options: ["sequences", "sweeps", "images"],
  async parts(src, options) {
    const found = await segmentsIn(src);
    const missing = options.sequences?.find((name) => !found.has(name));
    if (missing !== undefined) throw unknownName("segment", missing, [...found.keys()]);
    const parts: Part[] = [];
    for (const name of new Set(options.sequences ?? found.keys())) {
      parts.push(await segmentPart(name, found.get(name)!, options));
    }
    return parts;
  },
};

/** The .tfrecord files of a folder and its folders, by name. */
async function segmentsIn(src: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const add = async (folder: string, deeper: boolean) => {
    for await (const entry of Deno.readDir(folder)) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory && deeper) await add(path, false);
      if (!entry.isFile || !entry.name.endsWith(ENDING)) continue;
      const name = entry.name.slice(0, -ENDING.length).replace(/[^A-Za-z0-9._-]/g, "_");
      const other = found.get(name);
      if (other !== undefined) {
        throw new InputError(`Cannot convert "${path}": "${other}" is the same segment`);
      }
      found.set(name, path);
    }
  };
  try {
    await add(src, true);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new InputError(`Cannot convert "${src}": there is no such folder`, { cause });
  }
  if (found.size === 0) {
    throw new InputError(`Cannot convert "${src}": it holds no ${ENDING} file, and one is needed`);
  }
  return new Map([...found].sort(([a], [b]) => a < b ? -1 : 1));
}

async function segmentPart(name: string, path: string, options: ConvertOptions): Promise<Part> {
  const places = await indexRecords(path);
  if (places.length === 0) {
    throw new InputError(`Cannot convert "${path}": it has no record, and one is needed`);
  }
  return {
    name,
    length: places.length,
    key: fingerprint([await sourceKey([path])]),
    async *scans(from, to) {
      const sweeps = options.sweeps ?? 1;
      // The newest first. The first frames of a segment have fewer before them.
      let frames: Scan[] = [];
      for (let i = Math.max(0, from - sweeps + 1); i < to; i++) {
        const frame = readFrame(
          await readRecord(path, places[i]!),
          `"${path}" frame ${i}`,
          options,
        );
        frames = [frame, ...frames].slice(0, sweeps);
        if (i >= from) yield joinSweeps(frames);
      }
    },
  };
}
