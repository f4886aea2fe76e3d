/** Runs cases: reference, check of every variant, then timing of those that passed. */
import { KernelError, variants as nativeVariants } from "../../ffi/mod.ts";
import type { BenchCase } from "../../reports/schema.ts";
import {
  type Bench,
  type BenchBackend,
  type Case,
  caseName,
  type Expected,
  type Instance,
  type Problem,
} from "../case.ts";
import { InputError } from "../../std/errors.ts";
import { check, type Comparison } from "./check.ts";
import { copyCount, type LocalContender, measure, type Plan } from "./measure.ts";
import type { Heartbeat } from "./noise.ts";
import type { Peer } from "../peers/peer.ts";
import { judgePeer, type PeerContender } from "./peer_row.ts";
import { OURS, type Protocol } from "./protocol.ts";
import { Random } from "./random.ts";
import type { Scene } from "./scene.ts";
import type { Work } from "./roofline.ts";
import { failedRow, type RowKey, skippedRow, timedRow } from "./rows.ts";

/** How cases are run. */
export interface Setting {
  readonly bench: Bench;
  /** What `--quick` runs whole networks on; null for a run that is not quick. */
  readonly sector: Scene | null;
  readonly backend: BenchBackend;
  readonly plan: Plan;
  /** Ours when not given. */
  readonly protocol?: Protocol;
  /** Bytes that inputs must exceed together. */
  readonly cacheBytes: number;
  readonly memoryBytes: number;
  /** Which variants of a case take part. */
  readonly takes: (item: Case, variant: string) => boolean;
  readonly heartbeat: Heartbeat | null;
  /** Other engines, for the cases that they can do. */
  readonly peers?: readonly Peer[];
  /** Told what became of each case, in one line. */
  readonly log: (line: string) => void;
}

/** Variant names of a case on a backend, the default one first. */
export function variantsOf(item: Case, backend: BenchBackend): readonly string[] {
  return item.variants?.(backend) ?? nativeVariants(backend, item.op);
}

/** A row, the case that it belongs to, and what a run of it does. */
export interface Outcome {
  readonly item: Case;
  readonly row: BenchCase;
  readonly work: Work;
}

/** The rows of all cases, in their order. */
export async function runCases(items: readonly Case[], setting: Setting): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  // One seed for all: the order of turns is the same in every run of the same cases.
  const random = new Random(1);
  for (const [i, item] of items.entries()) {
    setting.heartbeat?.beat();
    const begun = performance.now();
    const found = await runCase(item, setting, random);
    outcomes.push(...found);
    const seconds = ((performance.now() - begun) / 1e3).toFixed(1);
    setting.log(
      `[${i + 1}/${items.length}] ${caseName(item)}: ` +
        `${found.map(({ row }) => summaryOf(row)).join(", ")} (${seconds} s)`,
    );
  }
  setting.heartbeat?.beat();
  return outcomes;
}

function summaryOf({ variant, medianMs, verified, maxAbsErr }: BenchCase): string {
  if (medianMs !== null) return `${variant} ${medianMs.toPrecision(3)} ms`;
  return `${variant} ${maxAbsErr !== null && !verified ? "WRONG" : "skipped"}`;
}

async function runCase(item: Case, setting: Setting, random: Random): Promise<Outcome[]> {
  const { sector, backend } = setting;
  const bench = item.onSector && sector ? { ...setting.bench, scene: sector } : setting.bench;
  const names = variantsOf(item, backend).filter((variant) => setting.takes(item, variant));
  const key = (variant: string): RowKey => ({ ...item, backend, variant });
  const reason = whyNot(item, setting);
  if (reason !== null) {
    return names.map((variant) => ({ item, row: skippedRow(key(variant), reason), work: NO_WORK }));
  }
  const problem = item.prepare(bench);
  const expected = expectedOf(item, problem, bench);
  const { protocol = OURS, cacheBytes } = setting;
  const copies = protocol.cache === "warm"
    ? 1
    : problem.copies ?? copyCount(problem.bytes, cacheBytes);
  using stack = new DisposableStack();
  const instances = Array.from({ length: copies }, () => stack.use(problem.create(bench.ctx)));
  const verdicts = names.map((variant) =>
    judge(keyOf(item, problem, backend, variant), problem, expected, instances, setting.plan)
  );
  for (const peer of problem.peer === undefined ? [] : setting.peers ?? []) {
    if (!setting.takes(item, peer.variant)) continue;
    const peerKey = keyOf(item, problem, backend, peer.variant);
    verdicts.push(await judgePeer(peer, peerKey, problem, { expected, copies }));
  }
  const passed = verdicts.filter((verdict) => "contender" in verdict);
  touchCopies(passed);
  const samples = await measure(
    bench.ctx,
    passed.map(({ contender }) => contender),
    setting.plan,
    random,
  );
  return verdicts.map((verdict) => {
    const row = "row" in verdict
      ? verdict.row
      : rowOf(verdict, samples[passed.indexOf(verdict)]!, problem, protocol);
    return { item, row, work: problem };
  });
}

/** Why a case is not even prepared; null where it is. */
function whyNot({ notQuick, memoryBytes: needed = 0 }: Case, setting: Setting): string | null {
  const { sector, memoryBytes } = setting;
  if (sector !== null && notQuick !== undefined) return `left out of --quick: ${notQuick}`;
  if (needed <= memoryBytes / 2) return null;
  return `needs ${gigabytes(needed)} of memory, and more than half of the ` +
    `${gigabytes(memoryBytes)} here is not given to one case`;
}

/** Writes every copy's buffers once: the first write to a page waits for the operating system. */
function touchCopies(passed: readonly Passed[]): void {
  const local = passed.map(({ contender }) => contender).find((each) => "runs" in each);
  for (const run of local?.runs ?? []) run();
}

/** The row of what was timed; of a peer that was lost meanwhile, why. */
function rowOf(
  { key, comparison, contender }: Passed,
  samples: number[],
  work: Work,
  protocol: Protocol,
): BenchCase {
  const failure = "failure" in contender ? contender.failure : null;
  if (failure !== null) return skippedRow(key, failure);
  return timedRow(key, comparison, samples, work, protocol);
}

const NO_WORK: Work = { flops: null, bytes: 0 };

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

function keyOf(item: Case, problem: Problem, backend: BenchBackend, variant: string): RowKey {
  return { ...item, params: { ...item.params, ...problem.params }, backend, variant };
}

/** The reference: what the case provides, else its `ref` variant on the CPU. */
function expectedOf(item: Case, problem: Problem, { cpu }: Bench): Expected {
  if (problem.expected !== undefined) return problem.expected(cpu);
  if (!variantsOf(item, "cpu").includes("ref")) {
    throw new TypeError(`Cannot check ${item.op}: it has no "ref"`);
  }
  using instance = problem.create(cpu);
  const refMs = cpu.time(instance.bind("ref"));
  return { parts: instance.output(), refMs };
}

/** What passed its check and is to be timed. */
interface Passed {
  readonly key: RowKey;
  readonly comparison: Comparison;
  readonly contender: LocalContender | PeerContender;
}

export type Verdict = { readonly row: BenchCase } | Passed;

/** Runs a variant once and compares: a row that says why not, or a contender to be timed. */
function judge(
  key: RowKey,
  problem: Problem,
  { parts, refMs }: Expected,
  instances: readonly Instance[],
  plan: Plan,
): Verdict {
  const { variant } = key;
  if (variant === "ref" && key.backend === "cpu" && refMs > plan.refLimitMs) {
    const reason = Number.isFinite(refMs)
      ? `the reference takes ${refMs.toFixed(0)} ms a run`
      : "the reference takes too long to be run at this size";
    return { row: skippedRow(key, reason) };
  }
  try {
    const runs = instances.map((instance) => instance.bind(variant));
    runs[0]!();
    const comparison = check(instances[0]!.output(), parts, problem.tolerance(variant));
    if (!comparison.passed) return { row: failedRow(key, comparison) };
    return { key, comparison, contender: { variant, runs } };
  } catch (error) {
    return { row: rowOfError(key, error) };
  }
}

const [UNSUPPORTED, OUT_OF_MEMORY, DEVICE_ERROR] = [2, 3, 4];

/** What a variant does not do is skipped; any other failure counts as a wrong result. */
function rowOfError(key: RowKey, error: unknown): BenchCase {
  // Something that the user can bring is not there.
  if (error instanceof InputError) return skippedRow(key, error.message);
  // After a device error nothing else can run on the context either.
  if (!(error instanceof KernelError) || error.status === DEVICE_ERROR) throw error;
  if (error.status === UNSUPPORTED || error.status === OUT_OF_MEMORY) {
    return skippedRow(key, error.message);
  }
  const comparison = { passed: false, maxAbsErr: NaN, maxRelErr: NaN, detail: error.message };
  return failedRow(key, comparison);
}
