/** The cameras of a scan for networks that see: calibration and decoded images. */
import { decodeRgb } from "../../datasets/rgb_image.ts";
import type { Scan } from "../../datasets/scan.ts";
import type { RigCamera } from "../../models/detection/rig.ts";
import { InputError } from "../../std/errors.ts";

/** @throws {InputError} The scan has no cameras, or an image is missing, damaged or distorted. */
export async function camerasOf({ cameras, images }: Scan, what: string): Promise<RigCamera[]> {
  if (cameras === undefined || images === undefined) {
    throw new InputError(
      `Cannot run a network on ${what}: it has no ${cameras ? "images" : "cameras"}, and the ` +
        "network reads them; convert the data set with its images",
    );
  }
  if (cameras.distortion?.some((value) => value !== 0)) {
    throw new InputError(
      `Cannot run a network on ${what}: its images are distorted, and rectified ones are needed`,
    );
  }
  const { names, intrinsic, fromSensor } = cameras;
  const rig: RigCamera[] = [];
  for (const [i, name] of names.entries()) {
    const place = `the image of ${name} in ${what}`;
    if (images[i]!.length === 0) {
      throw new InputError(`Cannot read ${place}: it is not there, and the network reads it`);
    }
    rig.push({
      name,
      intrinsic: intrinsic.subarray(9 * i, 9 * i + 9),
      fromSensor: fromSensor.subarray(12 * i, 12 * i + 12),
      image: await decodeRgb(images[i]!, place),
    });
  }
  return rig;
}
