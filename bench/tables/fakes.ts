/** What the tests of the tables share. */
import type { BenchContext } from "../../reports/schema.ts";

/** The context of a run on a machine that does not exist. */
export function testContext(data: Partial<BenchContext["data"]> = {}): BenchContext {
  return {
    machine: "test machine",
    cpu: { model: "none", cores: 2, isa: [] },
    memoryBytes: 1,
    os: "none",
    gpu: null,
    driver: null,
    compiler: "none",
    threads: 2,
    commit: null,
    dirty: null,
    abi: 1,
    deno: "none",
    date: "2000-01-01T00:00:00.000Z",
    command: "none",
    data: { name: "synthetic", source: "a test", scenes: 1, points: 1, voxels: 1, ...data },
  };
}
