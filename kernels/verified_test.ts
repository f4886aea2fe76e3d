import { assertEquals } from "@std/assert";
import { sources } from "./compile.ts";

const ROOT = new URL("./", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, ROOT));

/** "file kernel" of every kernel of the CUDA library. */
function kernels(): string[] {
  return [...sources("cuda", ".cu"), ...sources("cuda", ".cuh")].flatMap((path) =>
    [...read(path).matchAll(/__global__ void\s+(?:__launch_bounds__\((?:\w|::|, )+\)\s+)?(\w+)\(/g)]
      .map(([, name]) => `${path.replace("cuda/", "")} ${name}`)
  ).sort();
}

Deno.test("VERIFIED.md has a row a kernel, and none too many", () => {
  const rows = [...read("cuda/VERIFIED.md").matchAll(/^\| `([\w.]+)` +\| `(\w+)` /gm)]
    .map(([, file, name]) => `${file} ${name}`);
  assertEquals(rows.toSorted(), kernels());
});
