/** The import directions of ARCHITECTURE.md, as a test: fails on an import that goes the wrong way. */
import { assertEquals } from "@std/assert";

/** What the files of a folder may import, longest matching folder first. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "std/": ["std/"],
  "kernels/": ["kernels/", "std/"],
  "ffi/": ["ffi/", "std/"],
  "models/": ["models/", "ffi/", "std/"],
  "datasets/": ["datasets/", "std/"],
  "eval/metrics/": ["eval/metrics/"],
  "eval/": ["eval/", "ffi/", "models/", "datasets/", "reports/", "std/"],
  "bench/": ["bench/", "ffi/", "models/", "datasets/", "reports/", "std/"],
  "reports/": ["reports/", "std/"],
};

/** The same for `#include "..."` of the native sources; include/ is open to all. */
const NATIVE: Readonly<Record<string, readonly string[]>> = {
  "kernels/core/": ["kernels/core/"],
  "kernels/cpu/": ["kernels/cpu/", "kernels/core/"],
  "kernels/cuda/": ["kernels/cuda/", "kernels/core/"],
  "kernels/tests/": ["kernels/tests/", "kernels/cuda/"],
};

const root = new URL("./", import.meta.url);

function* files(folder: string, ending: RegExp): Generator<string> {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(new URL(folder, root))];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (entry.name === "build") continue;
    if (entry.isDirectory) yield* files(`${folder}${entry.name}/`, ending);
    else if (ending.test(entry.name)) yield folder + entry.name;
  }
}

const ruleOf = (file: string, rules: typeof ALLOWED) =>
  Object.keys(rules).filter((folder) => file.startsWith(folder)).sort((a, b) =>
    b.length - a.length
  )[0];

const read = (file: string) => Deno.readTextFileSync(new URL(file, root));
const resolved = (from: string, to: string) =>
  new URL(to, new URL(from, "file:///")).pathname.slice(1);

Deno.test("every import goes the way that ARCHITECTURE.md says", () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const folder of Object.keys(ALLOWED).filter((name) => name !== "eval/metrics/")) {
    for (const file of files(folder, /\.ts$/)) {
      const rule = ruleOf(file, ALLOWED)!;
      const test = file.endsWith("_test.ts");
      for (const [, target] of read(file).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
        const to = resolved(file, target!);
        seen++;
        if (ALLOWED[rule]!.some((allowed) => to.startsWith(allowed))) continue;
        if (test && to.startsWith("std/")) continue;
        wrong.push(`${file} imports ${to}`);
      }
    }
  }
  assertEquals(wrong, []);
  assertEquals(seen > 100, true, "the imports were found");
});

Deno.test("the CPU and the CUDA sources never include each other", () => {
  const wrong: string[] = [];
  for (const [folder, allowed] of Object.entries(NATIVE)) {
    for (const file of files(folder, /\.(cc|cu|hpp|cuh|inl|c)$/)) {
      for (const [, name] of read(file).matchAll(/#include "([^"]+)"/g)) {
        if (name === "voxmark.h") continue;
        const places = [...allowed, ...allowed.map((place) => `${place}emulator/`)];
        if (
          !places.some((place) => exists(place + name!)) && !exists(resolved(file, `./${name}`))
        ) {
          wrong.push(`${file} includes ${name}`);
        }
      }
    }
  }
  assertEquals(wrong, []);
});

function exists(file: string): boolean {
  try {
    return Deno.statSync(new URL(file, root)).isFile;
  } catch {
    return false;
  }
}
