import { assertStrictEquals } from "@std/assert";
import { fma } from "./fma.ts";

/** Seeded whole numbers of up to 53 bits, of either sign. */
function* wholeNumbers(): Generator<number, never> {
  let x = 12345;
  const next = () => x = x * 16807 % 2147483647;
  while (true) {
    const value = next() * 2 ** 22 + next() % 2 ** 22;
    yield Math.floor(value / 2 ** (next() % 40)) * (next() % 2 === 0 ? 1 : -1);
  }
}

Deno.test("fma() rounds once, as exact whole numbers do", () => {
  const numbers = wholeNumbers();
  let plain = 0;
  for (let i = 0; i < 20_000; i++) {
    const [x, y, z] = [numbers.next().value, numbers.next().value, numbers.next().value];
    const scale = 2 ** (i % 60);
    // A big integer becomes a double with one rounding, to even.
    const exact = Number(BigInt(x) * BigInt(y) + BigInt(z * scale));
    assertStrictEquals(fma(x, y, z * scale), exact, `${x} * ${y} + ${z} * ${scale}`);
    if (x * y + z * scale !== exact) plain++;
  }
  assertStrictEquals(plain > 1000, true, `${plain} sums are rounded twice otherwise`);
});

Deno.test("fma() decides ties by what the product lost", () => {
  const [x, tie] = [1 + 2 ** -27, 2 ** -53];
  // x * x = 1 + 2^-26 + 2^-54: the sum lies just above the middle of two doubles.
  assertStrictEquals(fma(x, x, tie), 1 + 2 ** -26 + 2 ** -52);
  assertStrictEquals(x * x + tie, 1 + 2 ** -26);
});
