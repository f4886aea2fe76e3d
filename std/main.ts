import { CheckError, InputError } from "./errors.ts";

/**
 * Runs a command line and ends the process with its exit code: 0 done, 1 a failed check, 2 bad
 * usage or bad input. An unexpected error (a defect of ours) keeps its stack trace and exits 70.
 */
export async function runMain(main: () => Promise<number | void>): Promise<never> {
  try {
    Deno.exit((await main()) ?? 0);
  } catch (error) {
    Deno.exit(report(error));
  }
}

function report(error: unknown): number {
  const say = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  if (error instanceof InputError || error instanceof Deno.errors.NotFound) {
    say(`error: ${error.message}`);
    return 2;
  }
  // Deno keeps the folders of the system from tasks that have not every permission.
  const kept = error instanceof Deno.errors.NotCapable &&
    /all access to ("[^"]*")/.exec(error.message);
  if (kept) {
    say(`error: Cannot use ${kept[1]}: it is a file of the system, and one of your own is needed`);
    return 2;
  }
  if (error instanceof CheckError) {
    say(`error: ${error.message}`);
    return 1;
  }
  say(error instanceof Error ? error.stack ?? error.message : String(error));
  return 70;
}

/** Writes all of `text` to stdout, also when stdout is a pipe that takes part of it at a time. */
export function print(text: string): void {
  writeAll(Deno.stdout, text);
}

/** Writes all of `text` to stderr: progress and warnings go there. */
export function printError(text: string): void {
  writeAll(Deno.stderr, text);
}

function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(`${text}\n`);
  while (bytes.length > 0) bytes = bytes.subarray(to.writeSync(bytes));
}
