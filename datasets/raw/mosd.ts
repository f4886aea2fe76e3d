/** Raw twin of mOSD: Kinect frames of boxes on a table, as PCL's files have them. */
import { Random } from "../synth/random.ts";
import { pcdBytes } from "./pcd_writer.ts";
import { put, type RawTwin } from "./raw_twin.ts";

const [WIDTH, HEIGHT, FOCAL] = [640, 480, 525];

/** Columns of a frame of the camera: x right, y down, z ahead in metres; NaN without depth. */
export function mosdFrame(seed: number, index: number) {
  const random = new Random(seed, 14, index);
  const near = random.range(0.7, 0.9);
  const count = WIDTH * HEIGHT;
  const [x, y, z] = [0, 1, 2].map(() => new Float32Array(count));
  const [rgba, label] = [new Uint32Array(count), new Uint32Array(count)];
  for (let i = 0; i < count; i++) {
    const [u, v] = [i % WIDTH - WIDTH / 2, Math.floor(i / WIDTH) - HEIGHT / 2];
    // An object in each upper quarter, the table below, no depth above.
    const object = Math.abs(v) < 60 && Math.abs(Math.abs(u) - 150) < 50 ? (u < 0 ? 20 : 31) : 0;
    const depth = object > 0 ? near : v > -100 ? near + 0.4 - v / 1000 : NaN;
    [x![i], y![i], z![i]] = [u * depth / FOCAL, v * depth / FOCAL, depth];
    label[i] = object > 0 ? object : 1;
    rgba[i] = (0xff << 24 | 5 * label[i]! << 16 | 100 << 8 | 7) >>> 0;
  }
  return [["x", x!], ["y", y!], ["z", z!], ["rgba", rgba], ["label", label]] as const;
}

export const mosdTwin: RawTwin = {
  unit: "frames",
  async write(out, count, seed, tick) {
    for (let i = 0; i < count; i++) {
      await put(`${out}/learn/learn${i}.pcd`, pcdBytes(mosdFrame(seed, i), "binary_compressed"));
      tick();
    }
  },
};
