/** Numbers as pages and terminals show them: no locale, no clock, the same text everywhere. */
import type { JsonNumber } from "./schema.ts";

/** What stands for a number that is not there. */
export const MISSING = "–";

/** Digits in groups of three: `1234567` gives `1,234,567`. Fractions are rounded off. */
export function formatCount(value: number | null): string {
  if (value === null) return MISSING;
  if (!Number.isFinite(value)) return String(value);
  return group(value.toFixed(0));
}

/**
 * At least `digits` significant digits and never fewer than the integer part has: 0.0123, 1.23,
 * 12.3, 1,234. Below 1e-4 and from 1e9 on it is scientific: 1.00e-9.
 */
export function formatNumber(value: JsonNumber | null, digits = 3): string {
  if (value === null) return MISSING;
  if (typeof value === "string" || !Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  // The exponent after rounding: 9.999 to three digits is 10.0, not 10.00.
  const rounded = value.toExponential(digits - 1);
  const exponent = Number(rounded.slice(rounded.indexOf("e") + 1));
  if (exponent < -4 || exponent >= 9) return rounded.replace("e+", "e");
  return group(value.toFixed(Math.max(0, digits - 1 - exponent)));
}

/** An error bound: two digits, scientific as soon as it is small. */
export function formatError(value: JsonNumber | null): string {
  if (typeof value === "number" && value !== 0 && Math.abs(value) < 1e-2) {
    return value.toExponential(1).replace("e+", "e");
  }
  return formatNumber(value, 2);
}

/** A share 0..1 as percent: `63 %`, `6.3 %`, `0.4 %`, `<0.1 %`. */
export function formatPercent(share: number | null): string {
  if (share === null) return MISSING;
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return "<0.1 %";
  return `${formatNumber(percent, percent < 1 ? 1 : 2)} %`;
}

/** A ratio of times: `3.21×`, `0.66×`. */
export function formatRatio(ratio: number | null): string {
  return ratio === null ? MISSING : `${formatNumber(ratio, ratio < 1 ? 2 : 3)}×`;
}

/** A size in the binary unit that keeps it short: `512 KiB`, `31.2 GiB`. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return MISSING;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? formatCount(value) : formatNumber(value)} ${units[unit]}`;
}

/**
 * A parameter or table value with its digits in groups: numbers exactly as they were given, or
 * fractions to `digits` significant digits.
 */
export function formatValue(value: number | string | boolean | null, digits?: number): string {
  if (value === null) return MISSING;
  if (typeof value !== "number") return String(value);
  if (Number.isSafeInteger(value)) return formatCount(value);
  return digits === undefined ? group(String(value)) : formatNumber(value, digits);
}

/** `1 case`, `2 cases`: for words that take an s. */
export function plural(count: number, word: string): string {
  return `${formatCount(count)} ${word}${count === 1 ? "" : "s"}`;
}

function group(text: string): string {
  const dot = text.indexOf(".");
  const end = dot < 0 ? text.length : dot;
  const whole = text.slice(0, end).replace(/\B(?=(\d{3})+$)/g, ",");
  return whole + text.slice(end);
}
