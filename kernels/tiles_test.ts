import { assert, assertEquals } from "@std/assert";
import { EMULATED, nameOf, TILES, tileSources } from "./tiles.ts";

Deno.test("every tile has a name of its own, and what is emulated exists", () => {
  const names = TILES.map(nameOf);
  assertEquals(new Set(names).size, names.length);
  assertEquals([...EMULATED].filter((name) => !names.includes(name)), []);
});

Deno.test("every type and unit of the table is emulated", () => {
  const kinds = (names: Iterable<string>) =>
    new Set([...names].map((name) => name.split("_").slice(0, 2).join("_")));
  assertEquals(kinds(EMULATED), kinds(TILES.map(nameOf)));
});

Deno.test("tileSources() makes a source a tile and lists all of them", () => {
  for (const emulated of [false, true]) {
    const sources = tileSources(emulated);
    assertEquals(sources.length, 1 + (emulated ? EMULATED.size : TILES.length));
    const table = sources.at(-1)!.text;
    for (const { path } of sources.slice(0, -1)) {
      assert(table.includes(path.replace(/^.*\/(.*)\.cu$/, "&$1")), path);
    }
  }
});
