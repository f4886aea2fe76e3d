import { put, type RawTwin, simulated } from "./raw_twin.ts";

/** Axes of the camera (right, down, forward) from the sensor's. */
const CALIB = "P0: 1 0 0 0 0 1 0 0 0 0 1 0\nTr: 0 -1 0 0 0 0 -1 0 1 0 0 0\n";

/** Scans of a sequence; sequences are numbered from 00. */
const SEQUENCE = 1000;

/** `sequences/SS/{velodyne,labels}`, `poses.txt` and `calib.txt`. */
export const semanticKittiTwin: RawTwin = {
  unit: "scans",
  async write(out, count, seed, tick) {
    for (let first = 0; first < count; first += SEQUENCE) {
      const name = String(first / SEQUENCE).padStart(2, "0");
      const folder = `${out}/sequences/${name}`;
      const poses: string[] = [];
      for (let i = 0; i < Math.min(SEQUENCE, count - first); i++) {
        const { points, semantic, instance, pose } = simulated(seed, first + i);
        const frame = String(i).padStart(6, "0");
        await put(`${folder}/velodyne/${frame}.bin`, points);
        const labels = Uint32Array.from(semantic, (id, k) => id | (instance[k]! << 16));
        await put(`${folder}/labels/${frame}.label`, labels);
        poses.push(cameraPose(pose).join(" "));
        tick();
      }
      await put(`${folder}/calib.txt`, CALIB);
      await put(`${folder}/poses.txt`, `${poses.join("\n")}\n`);
    }
  },
};

/** A pose of the sensor as one of the camera: C P C^-1 with C the exchange of axes in `Tr`. */
function cameraPose(pose: Float64Array): number[] {
  // Row and sign of the sensor's axis that each axis of the camera is.
  const axes = [[1, -1], [2, -1], [0, 1]] as const;
  return axes.flatMap(([row, rowSign]) => [
    ...axes.map(([column, sign]) => rowSign * sign * pose[4 * row + column]! || 0),
    rowSign * pose[4 * row + 3]! || 0,
  ]);
}
