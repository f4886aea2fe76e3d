import { SEMANTIC_KITTI } from "../published/semantic_kitti.ts";
import { Random } from "../synth/random.ts";
import type { Twin, TwinFiles } from "./twin.ts";

/** Points of a scan of the 64-beam sensor. */
const POINTS = 120_000;
/** Scans that differ; the others are hard links to them, so that sequence 08 takes 46 MB of disk. */
const DISTINCT = 48;
/** A wrong prediction now and then. */
const ERROR = 0.1;

/** Labels and predictions of sequence 08, in runs of equal labels as surfaces give them. */
export const semanticKittiTwin: Twin = {
  benchmark: "semantickitti",
  unit: "scans",
  official: { size: 100, seconds: 0.631 },

  async write(out, size, seed): Promise<TwinFiles> {
    const folders = ["labels", "predictions"].map((name) => `${out}/sequences/08/${name}`);
    for (const folder of folders) await Deno.mkdir(folder, { recursive: true });
    const ids = Object.keys(SEMANTIC_KITTI.learningMap).map(Number);
    for (let scan = 0; scan < size; scan++) {
      const path = (folder: string, index: number) =>
        `${folder}/${String(index).padStart(6, "0")}.label`;
      if (scan >= DISTINCT) {
        for (const each of folders) Deno.linkSync(path(each, scan % DISTINCT), path(each, scan));
        continue;
      }
      const arrays = scanOf(new Random(seed, scan), ids);
      folders.forEach((each, i) => {
        Deno.writeFileSync(path(each, scan), new Uint8Array(arrays[i]!.buffer));
      });
    }
    return { gt: out, pred: out, args: [], counts: { scans: size, points: size * POINTS } };
  },
};

function scanOf(random: Random, ids: readonly number[]): Uint32Array<ArrayBuffer>[] {
  const truth = new Uint32Array(POINTS);
  const predicted = new Uint32Array(POINTS);
  for (let start = 0; start < POINTS;) {
    const label = ids[Math.floor(random.next() * ids.length)]!;
    const end = Math.min(POINTS, start + 1 + Math.floor(random.next() * 60));
    truth.fill(label, start, end);
    predicted.fill(random.chance(ERROR) ? 40 : label, start, end);
    start = end;
  }
  return [truth, predicted];
}
