/** What the machine can do at best, measured in the same run, and how near a case came to it. */
import { Context, KernelError } from "../../ffi/mod.ts";
import type { BenchRoofline } from "../../reports/schema.ts";
import type { BenchBackend } from "../case.ts";

const MIB = 2 ** 20;

/** Bytes of each probed array: four times the last-level cache, from 64 to 256 MiB. */
export function probeBytes(cacheBytes: number): number {
  return Math.min(256 * MIB, Math.max(64 * MIB, 4 * cacheBytes));
}

/** The peaks of a backend, or null when it cannot measure them. */
export function measureRoofline(
  backend: BenchBackend,
  threads: number,
  cacheBytes: number,
): BenchRoofline | null {
  // A context of its own: the probes' arrays are scratch, which stays with a context.
  using ctx = new Context(backend, { threads });
  const bytes = probeBytes(cacheBytes);
  try {
    return {
      fmaGflops: ctx.probe("fma"),
      triadGbps: ctx.probe("triad", bytes),
      gatherGbps: ctx.probe("gather", bytes),
    };
  } catch (error) {
    if (error instanceof KernelError) return null;
    throw error;
  }
}

/** The higher of two measurements of each peak: whatever else runs only makes a peak look lower. */
export function bestRoofline(
  a: BenchRoofline | null,
  b: BenchRoofline | null,
): BenchRoofline | null {
  if (a === null || b === null) return a ?? b;
  return {
    fmaGflops: Math.max(a.fmaGflops, b.fmaGflops),
    triadGbps: Math.max(a.triadGbps, b.triadGbps),
    ...(a.gatherGbps !== undefined && b.gatherGbps !== undefined &&
      { gatherGbps: Math.max(a.gatherGbps, b.gatherGbps) }),
  };
}

/** Operations and compulsory bytes of one run. */
export interface Work {
  readonly flops: number | null;
  readonly bytes: number;
}

/** Speed of a run that took `ms`. */
export function rates({ flops, bytes }: Work, ms: number): { gflops: number | null; gbps: number } {
  return { gflops: flops === null ? null : flops / ms / 1e6, gbps: bytes / ms / 1e6 };
}

/**
 * Share of the attainable speed, min(peak, intensity * bandwidth), and which of the two it is. Work
 * without counted operations is held against the bandwidth.
 */
export function rooflineShare(
  work: Work,
  ms: number,
  { fmaGflops, triadGbps }: BenchRoofline,
): { bound: "compute" | "memory"; share: number } {
  const { gflops, gbps } = rates(work, ms);
  if (gflops === null || work.flops === null) return { bound: "memory", share: gbps / triadGbps };
  const byMemory = work.flops / work.bytes * triadGbps;
  return byMemory < fmaGflops
    ? { bound: "memory", share: gflops / byMemory }
    : { bound: "compute", share: gflops / fmaGflops };
}
