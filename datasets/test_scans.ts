/** Small scans, files and paths that the tests of this folder share. */
import { InputError } from "../std/errors.ts";
import { assertInstanceOf, assertNotMatch } from "@std/assert";
import { encodePng as encodeRaster } from "../std/png_writer.ts";
import { encodePng } from "./png.ts";
import type { Cameras, Scan } from "./scan.ts";
import type { ScanMetadata } from "./metadata.ts";

export const TINY: ScanMetadata = {
  dataset: "tiny",
  version: 1,
  source: "written by hand",
  licence: "CC0-1.0",
  sensor: "none",
  classes: { 0: "unlabeled", 10: "car", 40: "road" },
  features: ["ring"],
  boxFeatures: ["speed_x", "speed_y"],
  texts: ["source", "target"],
};

/** Three points with everything a scan may have. */
export function fullScan(id: string): Scan {
  return {
    id,
    points: Float32Array.of(1, 2, 3, 0.25, 4, 5, 6, 0.5, 7, 8, 9, 0.75),
    features: Float32Array.of(0, 1, 2),
    semantic: Uint16Array.of(0, 10, 40),
    instance: Uint16Array.of(0, 7, 0),
    time: 1532402927647951,
    pose: Float64Array.of(1, 0, 0, 0.1, 0, 1, 0, 0.2, 0, 0, 1, 0.3),
    boxes: {
      geometry: Float32Array.of(4, 5, 6, 4, 2, 1.5, 0.25),
      semantic: Uint16Array.of(10),
      instance: Uint16Array.of(7),
      features: Float32Array.of(1, -0.5),
      ids: ["käfer-7"],
    },
    cameras: twoCameras(),
    images: [encodePng(64, 48, new Uint8Array(3 * 64 * 48)), new Uint8Array(0)],
    labelImages: [greyImage(64, 48, 40), new Uint8Array(0)],
    instanceImages: [greyImage(64, 48, 7), new Uint8Array(0)],
    objects: {
      boxes: Float64Array.of(10.5, 2, 30, 40.25),
      semantic: Uint16Array.of(10),
      area: Float64Array.of(600.5),
      crowd: Uint16Array.of(0),
      ids: ["1768"],
      masks: ["[[10.5,2,40.5,2,40.5,42.25]]"],
    },
    texts: ["ein Satz", ""],
  };
}

/** A grey PNG of one value. */
export function greyImage(width: number, height: number, value: number): Uint8Array<ArrayBuffer> {
  const samples = new Uint8Array(width * height).fill(value);
  return encodeRaster({ width, height, channels: 1, samples });
}

/** Both look ahead, one from half a metre behind. */
function twoCameras(): Cameras {
  return {
    names: ["front", "back"],
    // Both look ahead: z of the camera is x of the sensor, and 1 m at 1 m is 10 pixels.
    intrinsic: Float64Array.of(
      ...[10, 0, 32, 0, 10, 24, 0, 0, 1],
      ...[9, 0, 30, 0, 9, 20, 0, 0, 1],
    ),
    fromSensor: Float64Array.of(
      ...[0, -1, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0],
      ...[0, -1, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0.5],
    ),
    size: Uint16Array.of(64, 48, 60, 40),
    distortion: new Float64Array(10),
  };
}

/** One point and nothing else. */
export function bareScan(id: string): Scan {
  return { id, points: Float32Array.of(1, 2, 3, 0.5) };
}

/** The message of the InputError that `run` throws or rejects with, checked to be one line. */
export async function inputError(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    assertInstanceOf(error, InputError);
    assertNotMatch(error.message, /\n/);
    return error.message;
  }
  throw new Error("no InputError was thrown");
}
