import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../std/errors.ts";
import { figureOf, protocolOf, PROTOCOLS } from "./protocol.ts";

Deno.test("figureOf() takes what the protocol says", () => {
  const samples = [8, 1, 2, 4];
  assertEquals(figureOf({ figure: "median", kept: null }, samples, 3), 3);
  assertEquals(figureOf({ figure: "mean", kept: null }, samples, 3), 3.75);
  assertAlmostEquals(figureOf({ figure: "geometric mean", kept: null }, samples, 3), 64 ** 0.25);
  assertEquals(figureOf({ figure: "mean of the middle", kept: 2 }, samples, 3), 3);
});

Deno.test("figureOf() keeps what there is, when fewer samples than the middle were taken", () => {
  assertEquals(figureOf({ figure: "mean of the middle", kept: 250 }, [5, 1], 3), 3);
});

Deno.test("protocolOf() has ours and the thesis' 500 + 500 steps, and refuses others", () => {
  const { warmUps, samples, kept } = protocolOf("sparsevit");
  assertEquals([warmUps, samples, kept], [500, 500, 250]);
  for (const [name, protocol] of Object.entries(PROTOCOLS)) assertEquals(protocol.name, name);
  assertThrows(() => protocolOf("spcnv"), InputError, 'did you mean "spconv"');
});
