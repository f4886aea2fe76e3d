import { assertEquals } from "@std/assert";
import {
  formatBytes,
  formatCount,
  formatError,
  formatNumber,
  formatPercent,
  formatRatio,
  formatValue,
} from "./numbers.ts";

Deno.test("formatNumber() keeps three significant digits and the whole integer part", () => {
  const shown = [0, 1e-9, 0.00012345, 0.0123456, 1.2345, 12.345, 123.45, 1234.5, 1234567.8, 1e12]
    .map((value) => formatNumber(value));
  assertEquals(shown, [
    "0",
    "1.00e-9",
    "0.000123",
    "0.0123",
    "1.23",
    "12.3",
    "123",
    "1,235",
    "1,234,568",
    "1.00e12",
  ]);
});

Deno.test("formatNumber() counts digits after rounding", () => {
  assertEquals([9.999, 99.99, 999.9, 0.09999].map((x) => formatNumber(x)), [
    "10.0",
    "100",
    "1,000",
    "0.100",
  ]);
});

Deno.test("formatNumber() shows what is no number, negatives and null", () => {
  assertEquals([NaN, Infinity, -Infinity, -1234.5, -0].map((x) => formatNumber(x)), [
    "NaN",
    "Infinity",
    "-Infinity",
    "-1,235",
    "0",
  ]);
  assertEquals([formatNumber("NaN"), formatNumber(null)], ["NaN", "–"]);
});

Deno.test("formatCount() groups digits and never goes scientific", () => {
  assertEquals([0, 999, 1000, 1e12].map(formatCount), ["0", "999", "1,000", "1,000,000,000,000"]);
  assertEquals(formatCount(null), "–");
});

Deno.test("formatValue() gives a number back exactly unless digits are asked for", () => {
  assertEquals([0.05, 1234.5678, 64.47, 2].map((x) => formatValue(x)), [
    "0.05",
    "1,234.5678",
    "64.47",
    "2",
  ]);
  assertEquals([formatValue(64.4712, 4), formatValue(2, 4)], ["64.47", "2"]);
  assertEquals([formatValue("a"), formatValue(true), formatValue(null)], ["a", "true", "–"]);
});

Deno.test("formatPercent() shows a small share without many zeros", () => {
  assertEquals([0, 0.0004, 0.004, 0.063, 0.634, 1.27].map(formatPercent), [
    "0 %",
    "<0.1 %",
    "0.4 %",
    "6.3 %",
    "63 %",
    "127 %",
  ]);
});

Deno.test("formatBytes(), formatError() and formatRatio() shorten by unit and digits", () => {
  assertEquals([0, 512, 1024, 524288, 8332914688].map(formatBytes), [
    "0 B",
    "512 B",
    "1 KiB",
    "512 KiB",
    "7.76 GiB",
  ]);
  assertEquals([0, 1.234e-7, 0.5, 12.3].map(formatError), ["0", "1.2e-7", "0.50", "12"]);
  assertEquals([0.6612, 1, 13.96, null].map(formatRatio), ["0.66×", "1.00×", "14.0×", "–"]);
});
