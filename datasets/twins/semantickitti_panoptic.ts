import { SEMANTIC_KITTI } from "../published/semantic_kitti.ts";
import { Random } from "../synth/random.ts";
import type { Twin, TwinFiles } from "./twin.ts";

const POINTS = 120_000;
/** Points of a run: neighbours in the file mostly lie on one object. */
const RUN = 24;
const INSTANCES = 40;
const THINGS = [10, 11, 15, 18, 20, 30, 31, 32, 252, 254];
const RAW_IDS = Object.keys(SEMANTIC_KITTI.learningMap).map(Number);

/** SemanticKITTI's sequence 08 with instances: 120,000 points a scan. */
export const semanticKittiPanopticTwin: Twin = {
  benchmark: "semantickitti-panoptic",
  unit: "scans",
  official: undefined,

  async write(out, size, seed): Promise<TwinFiles> {
    const folder = `${out}/sequences/08`;
    await Deno.mkdir(`${folder}/labels`, { recursive: true });
    await Deno.mkdir(`${folder}/predictions`, { recursive: true });
    for (let scan = 0; scan < size; scan++) {
      const random = new Random(seed, scan);
      const [labels, predictions] = [new Uint32Array(POINTS), new Uint32Array(POINTS)];
      for (let start = 0; start < POINTS;) {
        const end = Math.min(POINTS, start + 1 + Math.floor(2 * RUN * random.next()));
        const label = randomLabel(random);
        labels.fill(label, start, end);
        predictions.fill(random.chance(0.85) ? label : randomLabel(random), start, end);
        start = end;
      }
      const name = `${String(scan).padStart(6, "0")}.label`;
      Deno.writeFileSync(`${folder}/labels/${name}`, new Uint8Array(labels.buffer));
      Deno.writeFileSync(`${folder}/predictions/${name}`, new Uint8Array(predictions.buffer));
    }
    return { gt: out, pred: out, args: [], counts: { scans: size, points: size * POINTS } };
  },
};

/** A raw class id, most often of stuff, with the instance of a thing in the high half. */
function randomLabel(random: Random): number {
  const ids = random.chance(0.3) ? THINGS : RAW_IDS;
  const id = ids[Math.floor(random.next() * ids.length)]!;
  const instance = THINGS.includes(id) ? 1 + Math.floor(random.next() * INSTANCES) : 0;
  return instance << 16 | id;
}
