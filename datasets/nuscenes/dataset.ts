import { InputError, unknownName } from "../../std/errors.ts";
import type { ConvertOptions, Dataset, Part } from "../dataset.ts";
import { fingerprint } from "../fingerprint.ts";
import { exists, foldersIn } from "../frames.ts";
import { plural } from "../plural.ts";
import { NUSCENES } from "../published/nuscenes.ts";
import { pathInside } from "../record_fields.ts";
import { infoParts } from "./info.ts";
import { readRelease, type Release, type SampleFiles } from "./release.ts";
import { readScan, UNLABELLED } from "./scan.ts";
import { countSweepPoints } from "./sweep.ts";

const SPLITS: Readonly<Record<string, readonly string[]>> = NUSCENES.splits;

/** nuScenes: one scan a sample, with six cameras, boxes, and labels of the lidarseg package. */
export const nuscenes: Dataset = {
  metadata: {
    dataset: "nuscenes",
    version: 1,
    source: "nuScenes (https://www.nuscenes.org), lidarseg package where it is there",
    licence: "CC BY-NC-SA 4.0 and the nuScenes terms of use: not for commercial use",
    sensor: "Velodyne HDL-32E and 6 cameras",
    classes: { ...NUSCENES.classes, [UNLABELLED]: "unlabelled" },
    features: ["ring", "seconds_old"],
    boxFeatures: [
      "velocity_x",
      "velocity_y",
      "lidar_points",
      "radar_points",
      "attribute",
      "visibility",
    ],
  },
  options: ["sequences", "version", "sweeps", "images"],
  async parts(src, options) {
    const samples = await infoParts(src, options);
    if (samples.length > 0) return samples;
    const version = await versionOf(src, options);
    const { sequences } = options;
    const names = sequences?.flatMap((name) => SPLITS[name] ?? [name]);
    const chosen = names && new Set(names);
    const withSweeps = (options.sweeps ?? 1) > 1;
    const isChosen = (scene: string) => chosen?.has(scene) ?? true;
    const release = await readRelease(src, version, isChosen, withSweeps);
    checkScenes(src, sequences ?? [], release);
    const groups = Map.groupBy(release.scenes, ({ name }) => groupOf(name, version, sequences));
    const parts: Part[] = [];
    for (const [name, scenes] of groups) {
      const samples = scenes.flatMap((scene) => scene.samples);
      parts.push(await partOf(name, samples, release, options));
    }
    return parts;
  },
};

async function versionOf(src: string, { version }: ConvertOptions): Promise<string> {
  const found: string[] = [];
  for (const name of await foldersIn(src) ?? []) {
    if (await exists(`${src}/${name}/sample_data.json`)) found.push(name);
  }
  if (found.length === 0) {
    throw new InputError(
      `Cannot convert "${src}": it has no VERSION/sample_data.json, such as v1.0-mini, nor info.json`,
    );
  }
  if (version !== undefined && !found.includes(version)) {
    throw unknownName("version", version, found);
  }
  if (version === undefined && found.length > 1) {
    throw new InputError(
      `Cannot convert "${src}": it has ${found.join(", ")}, and --version must name one`,
    );
  }
  return version ?? found[0]!;
}

/** Each chosen name must be that of a scene, or a split with one. */
function checkScenes(src: string, chosen: readonly string[], { scenes }: Release): void {
  const there = new Set(scenes.map(({ name }) => name));
  const missing = chosen.find((name) =>
    !(SPLITS[name] ?? [name]).some((scene) => there.has(scene))
  );
  if (missing !== undefined) {
    throw new InputError(
      `Cannot convert "${src}": it has no scene of "${missing}"; a scene of scene.json, or one of ` +
        `${Object.keys(SPLITS).join(", ")} is needed`,
    );
  }
  if (scenes.length === 0) {
    throw new InputError(`Cannot convert "${src}": its scene.json has no scene`);
  }
}

/** The name of the part that a scene goes into: itself if it was asked for, or its split. */
function groupOf(scene: string, version: string, chosen: readonly string[] | undefined): string {
  if (chosen?.includes(scene)) return fileName(scene);
  const prefix = version.endsWith("mini") ? "mini_" : "";
  const splits = ["train", "val", "test"].map((split) => prefix + split);
  return splits.find((split) => SPLITS[split]?.includes(scene)) ?? fileName(version);
}

/** Names come from JSON: nothing in them may lead out of the output folder. */
const fileName = (name: string) => name.replace(/[^A-Za-z0-9._-]/g, "_");

async function partOf(
  name: string,
  samples: readonly SampleFiles[],
  release: Release,
  options: ConvertOptions,
): Promise<Part> {
  const key: (string | number)[] = [];
  let missing = 0;
  for (const { sample, lidar, cameras, labels } of samples) {
    const place = `"sample_data.json" "${lidar.token}"`;
    const points = await countSweepPoints(pathInside(release.root, lidar.filename, place));
    key.push(sample.token, lidar.filename, points);
    if (labels !== undefined) await checkLabels(labels, points);
    for (const camera of options.images === false ? [] : cameras) {
      const path = pathInside(release.root, camera.filename, place);
      if (!(await exists(path))) missing++;
    }
  }
  if (missing > 0) options.warn(`${plural(missing, "image")} of ${name} not there: left out`);
  return {
    name,
    length: samples.length,
    key: fingerprint(key),
    async *scans(from, to) {
      for (const files of samples.slice(from, to)) yield await readScan(release, files, options);
    },
  };
}

async function checkLabels(path: string, points: number): Promise<void> {
  if (!(await exists(path))) {
    throw new InputError(`Cannot convert "${path}": lidarseg.json names it, and it is not there`);
  }
  const { size } = await Deno.stat(path);
  if (size === points) return;
  throw new InputError(
    `Cannot convert "${path}": it has ${size} labels, and the scan ${points} points`,
  );
}
