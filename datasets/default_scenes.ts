import { InputError } from "../std/errors.ts";
import { printError } from "../std/main.ts";
import { openScans } from "./arrow_scans.ts";
import { CACHE, DEFAULT_SYNTH, synthFileName, writeSynth } from "./synth_file.ts";

/**
 * Path of the scenes that benches use without `--data`. They are simulated on first use, in
 * seconds and with a line on stderr, and kept in the project's `.cache`.
 */
export async function defaultScenes(): Promise<string> {
  const path = `${CACHE}/${synthFileName(DEFAULT_SYNTH)}`;
  if (await isReadable(path)) return path;
  printError(`making the default scenes: ${DEFAULT_SYNTH.scenes} simulated scans in ${path}`);
  return await writeSynth(CACHE, DEFAULT_SYNTH);
}

/** Whether the file is there and in today's layout: an old or damaged one is made again. */
async function isReadable(path: string): Promise<boolean> {
  try {
    using _source = await openScans(path);
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}
