/** Boxes on disk: a file a scan, which a run is resumed from, and the file that is scored. */
import type { Scan } from "../../datasets/scan.ts";
import type { DetectedBox } from "../../models/detection/box.ts";
import type { DetectorModel } from "../../models/detection/registry.ts";
import { InputError } from "../../std/errors.ts";
import { writeAtomic } from "../../std/files.ts";
import { kittiFrame, kittiResults, USUAL_SIZE } from "./kitti_results.ts";
import { NUSCENES_META, nuscenesBoxes } from "./nuscenes_boxes.ts";
import { scanName } from "./predictions.ts";
import { waymoObjects } from "./waymo_objects.ts";

/** A data set's official format. */
export interface BoxFormat {
  /** Benchmark that scores it. */
  readonly benchmark: string;
  /** Of a scan's own file, below the folder of predictions. */
  path(id: string): string;
  /** @throws {InputError} What the format needs of the scan is missing. */
  encode(scan: Scan, boxes: readonly DetectedBox[]): Promise<Uint8Array<ArrayBuffer>>;
  /** What is scored, below the folder; made of the scans' files where it is not their folder. */
  readonly result: string;
  /** Puts the scans' files, in their order, into `result`. */
  join?(
    write: (bytes: Uint8Array) => Promise<void>,
    scans: AsyncIterable<ScanBytes>,
  ): Promise<void>;
}

/** A scan's own file. */
export interface ScanBytes {
  readonly id: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const utf8 = (text: string) => new TextEncoder().encode(text);

/** `calib`: KITTI's folder of calibration files, which names of frames are looked up in. */
export function boxFormat(
  { dataset, labels, rig, lidar = true }: Pick<
    DetectorModel,
    "dataset" | "labels" | "rig" | "lidar"
  >,
  calib: string | undefined,
): BoxFormat {
  switch (dataset) {
    case "kitti-object":
      return kittiFormat(labels, calib);
    case "nuscenes":
      return nuscenesFormat(labels, { "use_camera": rig !== undefined, "use_lidar": lidar });
    case "waymo":
      return waymoFormat(labels);
  }
}

function kittiFormat(labels: readonly string[], calib: string | undefined): BoxFormat {
  if (calib === undefined) {
    throw new InputError(
      "Cannot write results of kitti-object: --calib DIR is missing, and the folder of KITTI's " +
        "calibration files is needed",
    );
  }
  return {
    benchmark: "kitti-object",
    result: "data",
    path: (id) => `data/${scanName(id)[1]}.txt`,
    async encode({ id, cameras }, boxes) {
      const path = `${calib}/${scanName(id)[1]}.txt`;
      const size = cameras?.size ?? USUAL_SIZE;
      const frame = kittiFrame(await textOf(path), path, [size[0]!, size[1]!]);
      return utf8(kittiResults(boxes, labels, frame));
    },
  };
}

async function textOf(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`Cannot read "${path}": ${reason}`, { cause });
  }
}

function nuscenesFormat(
  labels: readonly string[],
  sensors: Readonly<Record<"use_camera" | "use_lidar", boolean>>,
): BoxFormat {
  return {
    benchmark: "nuscenes-detection",
    result: "results_nusc.json",
    path: (id) => `samples/${tokenOf(id)}.json`,
    encode({ id, pose }, boxes) {
      if (pose === undefined) {
        throw new InputError(`Cannot write boxes of scan "${id}": it has no pose, which they need`);
      }
      const entries = nuscenesBoxes(tokenOf(id), boxes, labels, pose);
      return Promise.resolve(utf8(JSON.stringify(entries)));
    },
    async join(write, scans) {
      const meta = { ...sensors, ...NUSCENES_META };
      await write(utf8(`{"meta": ${JSON.stringify(meta)}, "results": {`));
      let separator = "\n";
      for await (const { id, bytes } of scans) {
        await write(utf8(`${separator}${JSON.stringify(tokenOf(id))}: `));
        await write(bytes);
        separator = ",\n";
      }
      await write(utf8("\n}}\n"));
    },
  };
}

function tokenOf(id: string): string {
  if (/^[\w-]+$/.test(id)) return id;
  throw new InputError(
    `Cannot name the boxes of scan ${JSON.stringify(id)}: a sample's token is needed`,
  );
}

function waymoFormat(labels: readonly string[]): BoxFormat {
  return {
    benchmark: "waymo-detection",
    result: "predictions.bin",
    path: (id) => `frames/${scanName(id).join("/")}.bin`,
    encode({ id }, boxes) {
      const [context, time] = scanName(id);
      if (!/^\d{1,18}$/.test(time)) {
        throw new InputError(
          `Cannot name the boxes of scan ${JSON.stringify(id)}: context/microseconds is needed`,
        );
      }
      const objects = waymoObjects(context, BigInt(time), boxes, labels);
      return new Blob(objects).bytes();
    },
    async join(write, scans) {
      for await (const { bytes } of scans) await write(bytes);
    },
  };
}

/** Makes `format.result` of the files of all scans. */
export async function joinFiles(
  folder: string,
  { join, path, result }: BoxFormat,
  ids: readonly string[],
): Promise<void> {
  if (join === undefined) return;
  async function* files(): AsyncGenerator<ScanBytes> {
    for (const id of ids) yield { id, bytes: await Deno.readFile(`${folder}/${path(id)}`) };
  }
  await writeAtomic(`${folder}/${result}`, async (temporary) => {
    using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
    const writer = file.writable.getWriter();
    await join((bytes) => writer.write(bytes), files());
    await writer.close();
  });
}
