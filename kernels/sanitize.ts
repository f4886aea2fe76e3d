/** Runs the native test programs that `deno task build --backend sanitized` made. */
import { CheckError } from "../std/errors.ts";
import { print, runMain } from "../std/main.ts";
import { exists } from "./compile.ts";

/** Programs in kernels/build/; the emulator's are there only where g++ is the compiler. */
const PROGRAMS = [
  "native_tests_sanitized",
  "native_tests_threads",
  "emulator_tests",
  "emulated_fuzz",
  "emulated_failures",
];

async function main(): Promise<void> {
  const failed: string[] = [];
  for (const name of PROGRAMS) {
    const path = new URL(`./build/${name}`, import.meta.url).pathname;
    if (!exists(path)) {
      print(`${name}: skipped, it was not built`);
      continue;
    }
    const { success } = await new Deno.Command(path, { stdout: "inherit", stderr: "inherit" })
      .output();
    if (!success) failed.push(name);
  }
  if (failed.length > 0) throw new CheckError(`Native tests failed: ${failed.join(", ")}`);
}

await runMain(main);
