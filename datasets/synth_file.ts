import { Progress } from "../std/progress.ts";
import { writeScans } from "./arrow_writer.ts";
import { withFolder } from "./convert.ts";
import type { Scan } from "./scan.ts";
import type { ScanMetadata } from "./metadata.ts";
import { simulateScan, SYNTH_INFO } from "./synth/mod.ts";

/** Which simulated scenes a file holds: equal choices give equal scans. */
export interface SynthChoice {
  readonly scenes: number;
  readonly seed: number;
}

/** What `data synth` and the benches use when nothing else is asked for. */
export const DEFAULT_SYNTH: SynthChoice = { scenes: 2, seed: 1 };

/** The project's own folder for what can be made again. */
export const CACHE = decodeURIComponent(new URL("../.cache", import.meta.url).pathname);

/** Name of the file of a choice; the version in it retires files of an older simulator. */
export function synthFileName({ scenes, seed }: SynthChoice): string {
  return `synth-v${SYNTH_INFO.version}-s${seed}-n${scenes}.arrow`;
}

/** Simulates scenes and writes them to a file in the folder `out`; returns its path. */
export async function writeSynth(out: string, choice: SynthChoice): Promise<string> {
  const path = `${out.replace(/(.)\/+$/, "$1")}/${synthFileName(choice)}`;
  const metadata: ScanMetadata = {
    dataset: SYNTH_INFO.name,
    version: SYNTH_INFO.version,
    source: `${SYNTH_INFO.source}, seed ${choice.seed}`,
    licence: SYNTH_INFO.licence,
    sensor: "simulated",
    classes: SYNTH_INFO.classes,
  };
  await withFolder(out, async () => {
    using progress = new Progress(choice.scenes, "simulating", "scenes");
    await writeScans(path, metadata, simulate(choice, progress));
  });
  return path;
}

function* simulate({ scenes, seed }: SynthChoice, progress: Progress): Generator<Scan> {
  for (let i = 0; i < scenes; i++) {
    yield simulateScan(seed, i);
    progress.tick();
  }
}
