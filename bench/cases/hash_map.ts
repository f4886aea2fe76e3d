/** The hash map alone: filled with the voxels of the scan, asked for all 27 neighbours of each. */
import { type Context, hashInsert, hashQuery } from "../../ffi/mod.ts";
import type { Bench, Case, Instance, Problem } from "../case.ts";
import { EXACT } from "../harness/check.ts";

/** Smallest capacity that the map allows: a power of two, at most half full. */
export function hashCapacity(n: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, 2 * n)));
}

function emptyTable(ctx: Context, n: number, stack: DisposableStack) {
  const capacity = hashCapacity(n);
  return {
    keys: stack.use(ctx.tensor("i64", [capacity])),
    rows: stack.use(ctx.tensor("i32", [capacity])),
  };
}

/**
 * Where a key lies in the table depends on the order of insertion, which a parallel variant does
 * not fix. What counts is that each voxel is found again, so that is what is compared.
 */
function insertProblem({ scene }: Bench): Problem {
  const n = scene.rows(0);
  const capacity = hashCapacity(n);
  return {
    params: { n, capacity },
    flops: null,
    bytes: 16 * n + 12 * capacity,
    tolerance: () => EXACT,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const coords = stack.use(ctx.tensorFrom("i32", [n, 4], scene.level(0)));
      const { keys, rows } = emptyTable(ctx, n, stack);
      const found = stack.use(ctx.tensor("i32", [n]));
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant("hash_insert", name);
          return () => hashInsert(coords, keys, rows, variant);
        },
        output() {
          hashQuery(keys, rows, coords, found);
          return [{ name: "found", values: found.download() }];
        },
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

/** The 27 cells around each voxel, itself among them: [27 M, 4]. */
export function neighbours(coords: Int32Array): Int32Array<ArrayBuffer> {
  const queries = new Int32Array(27 * coords.length);
  let at = 0;
  for (let i = 0; i < coords.length; i += 4) {
    for (let k = 0; k < 27; k++, at += 4) {
      queries[at] = coords[i]!;
      queries[at + 1] = coords[i + 1]! + k % 3 - 1;
      queries[at + 2] = coords[i + 2]! + Math.floor(k / 3) % 3 - 1;
      queries[at + 3] = coords[i + 3]! + Math.floor(k / 9) - 1;
    }
  }
  return queries;
}

function queryProblem({ scene }: Bench): Problem {
  const n = scene.rows(0);
  const queries = neighbours(scene.level(0));
  const q = queries.length / 4;
  return {
    params: { n, q },
    flops: null,
    bytes: 16 * q + 4 * q + 12 * hashCapacity(n),
    tolerance: () => EXACT,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const { keys, rows } = emptyTable(ctx, n, stack);
      using coords = ctx.tensorFrom("i32", [n, 4], scene.level(0));
      hashInsert(coords, keys, rows);
      const asked = stack.use(ctx.tensorFrom("i32", [q, 4], queries));
      const found = stack.use(ctx.tensor("i32", [q]));
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant("hash_query", name);
          return () => hashQuery(keys, rows, asked, found, variant);
        },
        output: () => [{ name: "found", values: found.download() }],
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

/** Insertion and look-up. */
export const hashMapCases: readonly Case[] = [
  { op: "hash_insert", tier: "quick", params: { level: 0 }, prepare: insertProblem },
  { op: "hash_query", tier: "quick", params: { level: 0, around: 27 }, prepare: queryProblem },
];
