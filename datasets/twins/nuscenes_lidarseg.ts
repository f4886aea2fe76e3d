import { NUSCENES_LIDARSEG } from "../published/nuscenes_lidarseg.ts";
import { scenesOf } from "../published/nuscenes.ts";
import { Random } from "../synth/random.ts";
import { folder, runsOfLabels, upTo } from "./raw_files.ts";
import type { Twin } from "./twin.ts";

/** Points of a sweep of the 32-beam LiDAR. */
const POINTS = 34_720;
const VERSION = "v1.0-trainval";
const { classOf } = NUSCENES_LIDARSEG;
const NAMES = Object.keys(classOf);

/** nuScenes-lidarseg: the tables it needs, and a label and a prediction file a sample. */
export const nuscenesLidarsegTwin: Twin = {
  benchmark: "nuscenes-lidarseg",
  unit: "samples",
  official: { size: 100, seconds: 1.515 },
  write(out, size, seed) {
    const random = new Random(seed);
    const labels = folder(out, "lidarseg", VERSION);
    const predictions = folder(out, "submission", "lidarseg", "val");
    writeTables(out, size);
    for (let i = 0; i < size; i++) {
      const truth = Uint8Array.from(runsOfLabels(random, POINTS, upTo(NAMES.length)));
      const predicted = truth.map((label) => {
        const right = classOf[NAMES[label]!]!;
        return right > 0 && random.chance(0.8) ? right : 1 + Math.floor(random.range(0, 16));
      });
      Deno.writeFileSync(`${labels}/data${i}_lidarseg.bin`, truth);
      Deno.writeFileSync(`${predictions}/data${i}_lidarseg.bin`, predicted);
    }
    return Promise.resolve({
      gt: out,
      pred: `${out}/submission`,
      args: ["--version", VERSION, "--split", "val"],
      counts: { samples: size, points: size * POINTS },
    });
  },
};

/** The samples are dealt to the scenes of the split in turn, in equal parts but for the last. */
function writeTables(out: string, size: number): void {
  const scenes = scenesOf("val");
  const inScene = Math.ceil(size / scenes.length);
  const tables = folder(out, VERSION);
  const write = (name: string, records: readonly object[]) =>
    Deno.writeTextFileSync(`${tables}/${name}.json`, JSON.stringify(records, null, 0));
  const samples = upTo(size);
  write("sensor", [{ token: "top", channel: "LIDAR_TOP", modality: "lidar" }]);
  write("calibrated_sensor", [{ token: "mounted", "sensor_token": "top" }]);
  write("category", NAMES.map((name, index) => ({ token: name, name, index })));
  write(
    "scene",
    scenes.map((name, s) => {
      const count = Math.max(0, Math.min(inScene, size - s * inScene));
      return {
        token: `scene${s}`,
        name,
        "nbr_samples": count,
        "first_sample_token": count === 0 ? "" : `sample${s * inScene}`,
      };
    }),
  );
  write(
    "sample",
    samples.map((i) => ({
      token: `sample${i}`,
      next: (i + 1) % inScene === 0 || i + 1 === size ? "" : `sample${i + 1}`,
      "scene_token": `scene${Math.floor(i / inScene)}`,
    })),
  );
  write(
    "sample_data",
    samples.map((i) => ({
      token: `data${i}`,
      "sample_token": `sample${i}`,
      "calibrated_sensor_token": "mounted",
      "is_key_frame": true,
    })),
  );
  write(
    "lidarseg",
    samples.map((i) => ({
      token: `data${i}`,
      "sample_data_token": `data${i}`,
      filename: `lidarseg/${VERSION}/data${i}_lidarseg.bin`,
    })),
  );
}
