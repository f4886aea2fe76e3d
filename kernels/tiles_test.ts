import { assert, assertEquals } from "@std/assert";
import {
  EMULATED,
  EMULATED_WGRAD,
  nameOf,
  type Tile,
  TILES,
  tileSources,
  WGRAD_TILES,
} from "./tiles.ts";

const TABLES: readonly (readonly [readonly Tile[], ReadonlySet<string>])[] = [
  [TILES, EMULATED],
  [WGRAD_TILES, EMULATED_WGRAD],
];

Deno.test("every tile of a table has a name of its own, and what is emulated exists", () => {
  for (const [tiles, emulated] of TABLES) {
    const names = tiles.map(nameOf);
    assertEquals(new Set(names).size, names.length);
    assertEquals([...emulated].filter((name) => !names.includes(name)), []);
  }
});

Deno.test("every type and unit of a table is emulated", () => {
  const kinds = (names: Iterable<string>) =>
    new Set([...names].map((name) => name.split("_").slice(0, 2).join("_")));
  for (const [tiles, emulated] of TABLES) {
    assertEquals(kinds(emulated), kinds(tiles.map(nameOf)));
  }
});

Deno.test("tileSources() makes a source a tile and lists all of them in the table of their kind", () => {
  for (const emulated of [false, true]) {
    const sources = tileSources(emulated);
    const counts = TABLES.map(([tiles, some]) => emulated ? some.size : tiles.length);
    assertEquals(sources.length, TABLES.length + counts[0]! + counts[1]!);
    assertEquals(new Set(sources.map(({ path }) => path)).size, sources.length);
    const [conv, wgrad] = sources.filter(({ path }) => path.includes("_tile_table"));
    for (const { path } of sources.filter(({ path }) => !path.includes("_tile_table"))) {
      const name = path.replace(/^.*\/(.*?)(_sm90a)?\.cu$/, "$1");
      const table = name.startsWith("wgrad_") ? wgrad! : conv!;
      assert(table.text.includes(`&${name}`), path);
    }
  }
});
