/** What the twins of detection benchmarks share: scattered boxes, and detections of them. */
import type { Random } from "../synth/random.ts";

/** Roughly normal with deviation 1: the sum of four uniform numbers. */
export function spread(random: Random): number {
  let sum = 0;
  for (let i = 0; i < 4; i++) sum += random.next();
  return (sum - 2) * Math.sqrt(3);
}

/** A whole number in [low, high]. */
export function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random.next() * (high - low + 1));
}

/** One of `values`, each as likely as it occurs. */
export function pick<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random.next() * values.length)]!;
}

/** A name of 32 hexadecimal digits, as nuScenes has them. */
export function token(random: Random): string {
  let text = "";
  for (let i = 0; i < 4; i++) {
    text += Math.floor(random.next() * 2 ** 32).toString(16).padStart(8, "0");
  }
  return text;
}
