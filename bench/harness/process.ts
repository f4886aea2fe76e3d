/** Times whole commands of this project: from the start of the process to its end. */
import { CheckError } from "../../std/errors.ts";

/** How commands are timed. */
export interface ProcessOptions {
  /** Small inputs, once each. */
  readonly quick: boolean;
  /** Only what matches by its ID. */
  readonly filter: RegExp | undefined;
  /** Told what became of each, in one line. */
  readonly log: (line: string) => void;
}

/** A command that was timed. */
export interface ProcessTime {
  readonly id: string;
  /** How large its input was, e.g. 3769, and in what: "frames". */
  readonly size: number;
  readonly unit: string;
  /** What it reported to have done, e.g. `{ count: 69_000, unit: "boxes" }`. */
  readonly work: { readonly count: number; readonly unit: string };
  readonly samplesSeconds: readonly number[];
  /** The largest of the runs. */
  readonly peakMiB: number;
}

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
/** The line of `deno task eval` on stderr: count, unit, peak memory. */
const SPEED = /^([\d,]+) (\S+) in [\d.]+ s, .*, at most ([\d,]+) MiB$/m;

/**
 * Scores something with the command line of `deno task eval`, as the task itself runs it.
 *
 * @throws {CheckError} It failed; the text holds what it said.
 */
export async function timeEval(args: readonly string[]) {
  const rights = ["--no-prompt", "--allow-read", "--allow-write"];
  const command = new Deno.Command("deno", {
    args: ["run", ...rights, "eval/main.ts", ...args, "--json"],
    cwd: ROOT,
    stdout: "null",
    stderr: "piped",
  });
  const start = performance.now();
  const { code, stderr } = await command.output();
  const seconds = (performance.now() - start) / 1e3;
  const text = new TextDecoder().decode(stderr);
  const [, count, unit, peak] = SPEED.exec(text) ?? [];
  if (code !== 0 || count === undefined) {
    throw new CheckError(`Cannot time "eval ${args.join(" ")}": exit code ${code}, ${text.trim()}`);
  }
  const number = (digits: string) => Number(digits.replaceAll(",", ""));
  return { seconds, work: { count: number(count), unit: unit! }, peakMiB: number(peak!) };
}
