import { assert, assertEquals } from "@std/assert";
import { CLASS } from "./classes.ts";
import { Street } from "./street.ts";

Deno.test("Street.zone() goes from the road over the sidewalk to the lots", () => {
  const street = new Street(3);
  const k = [0, 1, 2, 3].find((lot) => !street.crossing(lot))!;
  const x = (k + 0.7) * street.lot;
  const zone = (t: number) => street.zone(x, street.centre(x) + t);
  assertEquals(zone(1), CLASS.road);
  assertEquals(zone(street.verge[1] + 0.1), CLASS.sidewalk);
  assertEquals(zone(-street.verge[0] - 0.1), CLASS.sidewalk);
  assertEquals(zone(30), CLASS.terrain);
});

Deno.test("Street.zone() opens side roads through the lots", () => {
  const street = new Street(3);
  let k = 0;
  while (!street.crossing(k)) k++;
  const x = (k + 0.5) * street.lot;
  assertEquals(street.zone(x, street.centre(x) + 30), CLASS.road);
});

Deno.test("Street.height() has a kerb, no cliffs, and differs from seed to seed", () => {
  const street = new Street(1);
  for (let x = 0; x < 100; x += 0.5) {
    for (let y = -20; y < 20; y += 0.5) {
      assert(Math.abs(street.height(x + 0.1, y) - street.height(x, y)) < 0.3);
    }
  }
  assert(street.height(10, 3) !== new Street(2).height(10, 3));
});
