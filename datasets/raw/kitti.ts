/** Raw twins of KITTI: the object benchmark and a drive of the raw recordings. */
import { apply, compose, invert, rotate, type Vector } from "../matrix34.ts";
import { encodePng } from "../png.ts";
import { CLASS_NAMES, type FullScan, heading, put, type RawTwin, simulated } from "./raw_twin.ts";

/** The twin's camera: at the sensor, exactly along its axes. */
const RECT_FROM_SENSOR = Float64Array.of(0, -1, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0);
const [WIDTH, HEIGHT, FOCAL] = [1242, 375, 721.5];
const P2 = [FOCAL, 0, 609.5, 44.8, 0, FOCAL, 172.8, 0.2, 0, 0, 1, 0.003];
const GREY = encodePng(WIDTH, HEIGHT, new Uint8Array(3 * WIDTH * HEIGHT).fill(128));

const TR = Array.from(RECT_FROM_SENSOR).join(" ");
const IDENTITY = "1 0 0 0 1 0 0 0 1";
const OBJECT_CALIB = ["P0", "P1", "P2", "P3"].map((key) => `${key}: ${P2.join(" ")}`).join("\n") +
  `\nR0_rect: ${IDENTITY}\nTr_velo_to_cam: ${TR}\nTr_imu_to_velo: 1 0 0 0 0 1 0 0 0 0 1 0\n`;

/** `training/{velodyne,label_2,calib,image_2}`. */
export const kittiObjectTwin: RawTwin = {
  unit: "frames",
  async write(out, count, seed, tick) {
    for (let i = 0; i < count; i++) {
      const scan = simulated(seed, i);
      const frame = String(i).padStart(6, "0");
      await put(`${out}/training/velodyne/${frame}.bin`, scan.points);
      await put(`${out}/training/calib/${frame}.txt`, OBJECT_CALIB);
      await put(`${out}/training/image_2/${frame}.png`, GREY);
      await put(`${out}/training/label_2/${frame}.txt`, labelLines(scan));
      tick();
    }
  },
};

function labelLines({ boxes }: FullScan): string {
  const lines = Array.from(boxes.semantic, (id, b) => {
    const [x = 0, y = 0, z = 0, l = 0, w = 0, h = 0, yaw = 0] = boxes.geometry.subarray(7 * b);
    const bottom = apply(RECT_FROM_SENSOR, [x, y, z - h / 2]);
    const [right, , ahead] = rotate(RECT_FROM_SENSOR, [Math.cos(yaw), Math.sin(yaw), 0]);
    const values = [h, w, l, ...bottom, Math.atan2(-ahead, right)];
    return `${CLASS_NAMES.get(id)!.kitti} 0 0 0 0 0 50 50 ${values.join(" ")}`;
  });
  return lines.map((line) => `${line}\n`).join("");
}

const DATE = "2011_09_26";
/** Metres that the unit stands from the sensor. */
const IMU: Vector = [-0.81, 0.32, -0.8];
const EARTH_RADIUS = 6378137;

/** `DATE/DATE_drive_0001_sync` with its calibrations, oxts and tracklets. */
export const kittiRawTwin: RawTwin = {
  unit: "frames",
  async write(out, count, seed, tick) {
    const drive = `${out}/${DATE}/${DATE}_drive_0001_sync`;
    await writeCalibrations(`${out}/${DATE}`);
    const tracklets: string[] = [];
    const origin = simulated(seed, 0).pose;
    for (let i = 0; i < count; i++) {
      const scan = simulated(seed, i);
      const frame = String(i).padStart(10, "0");
      await put(`${drive}/velodyne_points/data/${frame}.bin`, scan.points);
      await put(`${drive}/image_02/data/${frame}.png`, GREY);
      await put(`${drive}/oxts/data/${frame}.txt`, oxts(compose(invert(origin), scan.pose)));
      tracklets.push(...trackletItems(scan, i));
      tick();
    }
    await put(`${drive}/tracklet_labels.xml`, trackletFile(tracklets));
  },
};

async function writeCalibrations(folder: string): Promise<void> {
  const velo = ["R: 0 -1 0 0 0 -1 1 0 0", "T: 0 0 0"];
  await put(`${folder}/calib_velo_to_cam.txt`, `${velo.join("\n")}\n`);
  // veloFromImu: the unit's origin in the sensor's frame.
  await put(`${folder}/calib_imu_to_velo.txt`, `R: ${IDENTITY}\nT: ${IMU.join(" ")}\n`);
  const cameras = [`R_rect_00: ${IDENTITY}`];
  for (const camera of ["02", "03"]) cameras.push(`P_rect_${camera}: ${P2.join(" ")}`);
  await put(`${folder}/calib_cam_to_cam.txt`, `${cameras.join("\n")}\n`);
}

/** A packet whose Mercator pose is the unit's: at the equator, where the projection is true. */
function oxts(sensor: Float64Array): string {
  const [x, y, z] = apply(sensor, IMU);
  const longitude = x * 180 / (Math.PI * EARTH_RADIUS);
  const latitude = 360 / Math.PI * Math.atan(Math.exp(y / EARTH_RADIUS)) - 90;
  const values = [latitude, longitude, z, 0, 0, heading(sensor)];
  return `${[...values, ...new Array(24).fill(0)].join(" ")}\n`;
}

function trackletItems({ boxes }: FullScan, frame: number): string[] {
  return Array.from(boxes.semantic, (id, b) => {
    const [x = 0, y = 0, z = 0, l = 0, w = 0, h = 0, yaw = 0] = boxes.geometry.subarray(7 * b);
    return `<item><objectType>${CLASS_NAMES.get(id)!.kitti}</objectType><h>${h}</h><w>${w}</w>` +
      `<l>${l}</l><first_frame>${frame}</first_frame><poses><count>1</count><item><tx>${x}</tx>` +
      `<ty>${y}</ty><tz>${z - h / 2}</tz><rx>0</rx><ry>0</ry><rz>${yaw}</rz><state>2</state>` +
      `<occlusion>0</occlusion><truncation>0</truncation></item></poses></item>`;
  });
}

const trackletFile = (items: readonly string[]) =>
  `<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>\n<!DOCTYPE boost_serialization>\n` +
  `<boost_serialization signature="serialization::archive" version="9"><tracklets>` +
  `<count>${items.length}</count>${items.join("\n")}</tracklets></boost_serialization>\n`;
