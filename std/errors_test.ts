import { assertEquals } from "@std/assert";
import { unknownName } from "./errors.ts";

Deno.test("unknownName() names the nearest known name and lists all", () => {
  assertEquals(
    unknownName("metric", "miuo", ["miou", "macc"]).message,
    'Unknown metric "miuo": did you mean "miou"? Known: miou, macc',
  );
});

Deno.test("unknownName() gives no hint when nothing is near", () => {
  assertEquals(unknownName("case", "zzzzzz", ["ab"]).message, 'Unknown case "zzzzzz": Known: ab');
});
