/** What an HTML document holds besides its data: files of ours, and three.js. */

/** The text of a file in `assets/`. */
export function asset(name: string): Promise<string> {
  return Deno.readTextFile(new URL(`./assets/${name}`, import.meta.url));
}

const ORBIT = "three/addons/controls/OrbitControls.js";

/**
 * The modules of three.js that the viewer needs, by the name they are imported with. They are read
 * where Deno keeps its packages, which the import makes sure of.
 */
export async function threeModules(): Promise<Record<string, string>> {
  await import("three");
  const main = import.meta.resolve("three");
  const text = await Deno.readTextFile(new URL(main));
  const core = "./three.core.js";
  return {
    // A module in a document has no folder: its neighbour needs a name of its own.
    "three": text.replaceAll(core, "three/core"),
    "three/core": await Deno.readTextFile(new URL(core, main)),
    [ORBIT]: await Deno.readTextFile(new URL(import.meta.resolve(ORBIT))),
  };
}
