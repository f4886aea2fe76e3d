import { assertEquals, assertStrictEquals } from "@std/assert";
import { Scanner } from "./scanf.ts";

const scan = (text: string) => new Scanner(new TextEncoder().encode(text));

Deno.test("Scanner.number() takes the longest number at the front of a word", () => {
  const scanner = scan(" -1.5 +2e3\n.25 7. 1e 12abc -inf NaN 0.12345678901234567 -0");
  assertEquals([scanner.number(), scanner.number(), scanner.number()], [-1.5, 2000, 0.25]);
  assertEquals([scanner.number(), scanner.number(), scanner.word()], [7, 1, "e"]);
  assertEquals([scanner.number(), scanner.number(), scanner.word()], [12, undefined, "abc"]);
  assertEquals([scanner.number(), scanner.number()], [-Infinity, NaN]);
  assertStrictEquals(scanner.number(), 0.12345678901234567);
  assertStrictEquals(scanner.number(), -0);
  assertEquals([scanner.done, scanner.number(), scanner.word()], [true, undefined, ""]);
});

Deno.test("Scanner.integer() stops at the point of a number, which the next conversion takes", () => {
  const scanner = scan("3 -2 0.75 x");
  assertEquals([scanner.integer(), scanner.integer(), scanner.integer()], [3, -2, 0]);
  assertEquals([scanner.number(), scanner.integer(), scanner.word()], [0.75, undefined, "x"]);
});
