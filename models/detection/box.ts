/** A box that a detection network found. */
import type { Three } from "../value.ts";

export interface DetectedBox {
  /** In metres, in the frame of the points. */
  readonly centre: Three;
  /** Length along the heading, width, height. */
  readonly size: Three;
  /** Radians about z, from x towards y: where the length points. */
  readonly yaw: number;
  /** 0 to 1. */
  readonly score: number;
  /** Index of its class. */
  readonly label: number;
  /** Metres a second along x and y; null where the network has none. */
  readonly velocity: readonly [number, number] | null;
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Boxes from the highest score on; of equal ones the first. */
export function byScore(boxes: readonly DetectedBox[]): DetectedBox[] {
  return [...boxes].sort((a, b) => b.score - a.score);
}
