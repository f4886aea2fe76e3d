/** A scan and cases that the tests of this room share. */
import type { Scan } from "../../datasets/scan.ts";
import type { Context } from "../../ffi/mod.ts";
import type { Case, Instance } from "../case.ts";
import { EXACT } from "./check.ts";
import { randomFloats } from "./random.ts";
import type { Setting } from "./run.ts";
import { buildScene } from "./scene.ts";

/** A bumpy patch of ground of `side` x `side` points, 3 cm apart. */
export function groundScan(side = 40): Scan {
  const points = new Float32Array(side * side * 4);
  const bumps = randomFloats(side * side, 1);
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [i % side, Math.floor(i / side)];
    points.set([x * 0.03 - 0.5, y * 0.03 + 2, bumps[i]! * 0.1 - 1.7, 0.5], 4 * i);
  }
  return { id: "ground", points };
}

/** What tests run cases with: few samples, no noise detection, no text. */
export function testSetting(cpu: Context): Setting {
  return {
    bench: { ctx: cpu, cpu, scene: buildScene(cpu, groundScan(), { name: "t", source: "t" }) },
    sector: null,
    backend: "cpu",
    plan: { minSamples: 2, minMs: 0, refLimitMs: 1e6 },
    cacheBytes: 0,
    memoryBytes: 1e9,
    takes: () => true,
    heartbeat: null,
    log: () => {},
  };
}

/** A case whose variants write what `writes` says; `ref` is what they are compared with. */
export function fakeCase(writes: Readonly<Record<string, () => number>>): Case {
  return {
    op: "fake",
    tier: "quick",
    params: { n: 1 },
    variants: () => Object.keys(writes),
    prepare: () => ({
      params: {},
      flops: 10,
      bytes: 10,
      tolerance: () => EXACT,
      create(): Instance {
        let written = 0;
        return {
          bind: (variant) => () => written = writes[variant]!(),
          output: () => [{ name: "out", values: Float32Array.of(written) }],
          [Symbol.dispose]: () => {},
        };
      },
    }),
  };
}
