/** A nuScenes release with what the chosen scenes need of its tables. */
import { InputError } from "../../std/errors.ts";
import { exists } from "../frames.ts";
import { pathInside } from "../record_fields.ts";
import * as tables from "./tables.ts";

/** What is known of one sample. */
export interface SampleFiles {
  readonly sample: tables.Sample;
  readonly lidar: tables.SensorData;
  readonly cameras: readonly tables.SensorData[];
  readonly annotations: readonly tables.Annotation[];
  /** Path of the labels of the LiDAR's points. */
  readonly labels?: string;
}

export interface Release {
  readonly root: string;
  /** Samples of each scene in order of time. */
  readonly scenes: readonly { readonly name: string; readonly samples: readonly SampleFiles[] }[];
  readonly sensorData: ReadonlyMap<string, tables.SensorData>;
  readonly calibrations: ReadonlyMap<string, tables.Calibration>;
  readonly egoPoses: ReadonlyMap<string, Float64Array>;
  readonly annotations: ReadonlyMap<string, tables.Annotation>;
  /** Microseconds of each sample. */
  readonly sampleTimes: ReadonlyMap<string, number>;
  /** Class id, as here, of each index in the label files. */
  readonly labelIds: ReadonlyMap<number, string>;
}

/**
 * Reads the tables in `root`/`version` for the scenes that `isChosen` picks.
 *
 * @throws {InputError} when a table is missing or malformed, a token has no record, or two have one.
 */
export async function readRelease(
  root: string,
  version: string,
  isChosen: (scene: string) => boolean,
  withSweeps: boolean,
): Promise<Release> {
  const folder = `${root}/${version}`;
  const scenes = [...(await tables.readScenes(folder)).values()].filter(({ name }) =>
    isChosen(name)
  );
  const chains = await tables.readSamples(folder, scenes);
  const sampleTimes = new Map(chains.flat().map(({ token, timestamp }) => [token, timestamp]));
  const samples = new Set(sampleTimes.keys());
  const calibrations = await tables.readCalibrations(folder);
  const sensorData = await tables.readSensorData(folder, calibrations, samples, withSweeps);
  const annotations = await tables.readAnnotations(folder, samples);
  const wanted = new Set([...sensorData.values()].map(({ egoPose }) => egoPose));
  const egoPoses = await tables.readEgoPoses(folder, wanted);
  const labels = await readLabels(root, folder);
  const recordings = keyFrames(sensorData, calibrations);
  const boxes = Map.groupBy(annotations.values(), ({ sample }) => sample);
  const files = (sample: tables.Sample): SampleFiles => {
    const { lidar, cameras } = recordings.get(sample.token) ?? { cameras: [] };
    if (lidar === undefined) throw noLidar(folder, sample);
    const path = labels.get(lidar.token);
    const own = boxes.get(sample.token) ?? [];
    return { sample, lidar, cameras, annotations: own, ...(path && { labels: path }) };
  };
  return {
    root,
    scenes: scenes.map(({ name }, i) => ({ name, samples: chains[i]!.map(files) })),
    sensorData,
    calibrations,
    egoPoses,
    annotations,
    sampleTimes,
    labelIds: labels.size > 0 ? await readLabelIds(folder) : new Map(),
  };
}

const noLidar = (folder: string, { token }: tables.Sample) =>
  new InputError(`Cannot read "${folder}/sample_data.json": sample "${token}" has no LIDAR_TOP`);

interface KeyFrames {
  lidar?: tables.SensorData;
  readonly cameras: tables.SensorData[];
}

/** The key frame of each sensor, by sample; cameras in the order of their names. */
function keyFrames(
  sensorData: ReadonlyMap<string, tables.SensorData>,
  calibrations: ReadonlyMap<string, tables.Calibration>,
): Map<string, KeyFrames> {
  const channel = ({ calibration }: tables.SensorData) => calibrations.get(calibration)!.channel;
  const found = new Map<string, KeyFrames>();
  for (const data of sensorData.values()) {
    if (!data.isKey) continue;
    const frames: KeyFrames = found.get(data.sample) ?? { cameras: [] };
    found.set(data.sample, frames);
    const isTwice = channel(data) === "LIDAR_TOP"
      ? frames.lidar !== undefined
      : frames.cameras.some((camera) => channel(camera) === channel(data));
    if (isTwice) {
      throw new InputError(
        `Cannot read sample_data.json: sample "${data.sample}" has two ${channel(data)}`,
      );
    }
    if (channel(data) === "LIDAR_TOP") frames.lidar = data;
    else frames.cameras.push(data);
  }
  for (const { cameras } of found.values()) {
    cameras.sort((a, b) => channel(a) < channel(b) ? -1 : 1);
  }
  return found;
}

/** The paths of label files by the token of their recording; none without the lidarseg package. */
async function readLabels(root: string, folder: string): Promise<Map<string, string>> {
  if (!(await exists(`${folder}/lidarseg.json`))) return new Map();
  const rows = await tables.readTable(folder, "lidarseg", (fields, token) =>
    [
      fields.text("sample_data_token"),
      pathInside(root, fields.text("filename"), `"${folder}/lidarseg.json" "${token}"`),
    ] as const);
  return new Map(rows.values());
}

/** The category that each index in the label files stands for. */
async function readLabelIds(folder: string): Promise<Map<number, string>> {
  const rows = await tables.readTable(
    folder,
    "category",
    (fields) => [fields.count("index", 0, 255), fields.text("name")] as const,
  );
  return new Map(rows.values());
}
