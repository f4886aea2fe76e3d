/** What the tests of this room share: seeded data, comparison, and the backends that are here. */
import { assert } from "@std/assert";
import { type Backend, Context, type Tensor, unavailable, variants } from "./mod.ts";

/** A seeded generator of numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Values in [-1, 1). */
export function randomFloats(length: number, seed: number): Float32Array<ArrayBuffer> {
  const next = seeded(seed);
  return Float32Array.from({ length }, () => next() * 2 - 1);
}

/** Eighths below 2 in magnitude: every type holds them, and sums of their products are exact. */
export function eighths(length: number, seed: number): Float32Array<ArrayBuffer> {
  const next = seeded(seed);
  return Float32Array.from({ length }, () => Math.floor(next() * 31 - 15) / 8);
}

/** Coordinates [n, 4] with x, y, z in [low, low + size) and `batches` batches; may repeat. */
export function randomCoords(n: number, size: number, seed: number, low = 0, batches = 1) {
  const next = seeded(seed);
  const int = (below: number) => Math.floor(next() * below);
  return Int32Array.from(
    { length: n * 4 },
    (_, i) => i % 4 === 0 ? int(batches) : low + int(size),
  );
}

/** Distinct rows of coords [n, 4] in the order of voxmark.h. */
export function sortedUnique(coords: Int32Array): Int32Array<ArrayBuffer> {
  const rows = new Map<string, number[]>();
  for (let i = 0; i < coords.length; i += 4) {
    const row = [...coords.subarray(i, i + 4)];
    rows.set(row.join(), row);
  }
  const sorted = [...rows.values()].sort((a, b) => {
    const axis = a.findIndex((value, i) => value !== b[i]);
    return axis < 0 ? 0 : a[axis]! - b[axis]!;
  });
  return Int32Array.from(sorted.flat());
}

/** Fails with the worst element unless |a - b| <= abs + rel * |b| everywhere. */
export function assertClose(
  actual: Float32Array,
  expected: ArrayLike<number>,
  abs: number,
  rel: number,
  what: string,
): void {
  assert(actual.length === expected.length, `${what}: ${actual.length} of ${expected.length}`);
  let worst = -1;
  let at = -1;
  for (let i = 0; i < actual.length; i++) {
    const excess = Math.abs(actual[i]! - expected[i]!) - (abs + rel * Math.abs(expected[i]!));
    if (!(excess <= worst) && !(excess <= 0)) {
      worst = excess;
      at = i;
    }
  }
  assert(
    at < 0,
    `${what}: [${at}] is ${actual[at]}, expected ${expected[at]} (abs ${abs}, rel ${rel})`,
  );
}

export const coordsTensor = (ctx: Context, coords: Int32Array): Tensor<"i32"> =>
  ctx.tensorFrom("i32", [coords.length / 4, 4], coords);

/** Every `step`-th of the cases under the emulator, which takes long; all of them elsewhere. */
export const someOf = <T>(setting: string, step: number, cases: readonly T[]): readonly T[] =>
  setting.startsWith("emulated") ? cases.filter((_, i) => i % step === 0) : cases;

/**
 * What a sum of `products` of values in [-1, 1] may differ by because of the variant: those on tf32
 * round both operands to 11 significant bits, which changes a product by 2^-10 at most.
 */
export const roundingOf = (variant: string, products: number): number =>
  variant.endsWith("_tf32") ? products * 2 ** -10 : 0;

/** The variants of sparse_conv that take f32, and their numbers: Hopper's are for 16 bits alone. */
export const f32Variants = (backend: Backend): readonly (readonly [number, string])[] =>
  [...variants(backend, "sparse_conv").entries()].filter(([, name]) => !name.endsWith("wgmma"));

/** A way to run the kernels: a backend, on the CPU at one instruction set and thread count. */
interface Setting {
  readonly name: string;
  readonly backend: Backend;
  readonly isa?: number;
  readonly threads?: number;
}

const SETTINGS: readonly Setting[] = [
  { name: "cpu baseline, 1 thread", backend: "cpu", isa: 0, threads: 1 },
  { name: "cpu AVX2, 2 threads", backend: "cpu", isa: 1, threads: 2 },
  { name: "cpu AVX-512, 3 threads", backend: "cpu", isa: 2, threads: 3 },
  { name: "cuda", backend: "cuda" },
  { name: "emulated CUDA", backend: "emulated" },
];

/** Why a setting cannot run here, or undefined when it can. */
function missing({ backend, isa }: Setting): string | undefined {
  const reason = unavailable(backend);
  if (reason !== undefined || isa === undefined) return reason;
  using ctx = new Context(backend, { threads: 1 });
  return ctx.limitIsa(isa) === isa ? undefined : "this CPU does not have it";
}

/**
 * Registers a test for every setting; those that cannot run here are ignored with the reason
 * printed. Fails when `run` leaves a tensor behind.
 */
export function testEach(name: string, run: (ctx: Context, setting: string) => void): void {
  for (const setting of SETTINGS) {
    const { backend, isa, threads } = setting;
    const reason = missing(setting);
    Deno.test({
      name: `${name} [${setting.name}${reason ? `: skipped, ${reason}` : ""}]`,
      ignore: reason !== undefined,
      fn: () => {
        using ctx = new Context(backend, threads === undefined ? {} : { threads });
        if (isa !== undefined) ctx.limitIsa(isa);
        run(ctx, setting.name);
        assert(ctx.liveTensors === 0, `${ctx.liveTensors} tensors were left behind`);
      },
    });
  }
}
