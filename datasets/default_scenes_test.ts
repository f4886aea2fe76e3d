import { assertEquals, assertMatch } from "@std/assert";
import { openScans } from "./arrow_scans.ts";
import { defaultScenes } from "./default_scenes.ts";

Deno.test("defaultScenes() gives the cached simulated scenes, the same file each time", async () => {
  const path = await defaultScenes();
  assertMatch(path, /\/\.cache\/synth-v\d+-s\d+-n2\.arrow$/);
  const written = (await Deno.stat(path)).mtime;
  using source = await openScans(path);
  assertEquals(source.length, 2);
  assertEquals(source.metadata.dataset, "synth");
  assertEquals(await defaultScenes(), path);
  assertEquals((await Deno.stat(path)).mtime, written);
});
