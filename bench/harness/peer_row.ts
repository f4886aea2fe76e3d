/** Another engine's turn at a case: its output is checked as ours is, before any timing. */
import type { Expected, Problem } from "../case.ts";
import type { Peer } from "../peers/peer.ts";
import { PeerError } from "../peers/process.ts";
import { check } from "./check.ts";
import type { RemoteContender } from "./measure.ts";
import { failedRow, type RowKey, skippedRow } from "./rows.ts";
import type { Verdict } from "./run.ts";

/** A peer that takes its turns, and why it left, if it did. */
export interface PeerContender extends RemoteContender {
  readonly failure: string | null;
}

/** Runs a layer once on a peer and compares: a row that says why not, or a contender. */
export async function judgePeer(
  peer: Peer,
  key: RowKey,
  { peer: problem, tolerance }: Problem,
  { expected, copies }: { expected: Expected; copies: number },
): Promise<Verdict> {
  try {
    const output = problem!.output(await peer.load(problem!.layer, copies));
    const comparison = check(output, expected.parts, tolerance(key.variant));
    if (!comparison.passed) return { row: failedRow(key, comparison) };
    return { key, comparison, contender: contenderOf(peer) };
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    return { row: skippedRow(key, error.message) };
  }
}

function contenderOf(peer: Peer): PeerContender {
  let failure: string | null = null;
  return {
    variant: peer.variant,
    get failure() {
      return failure;
    },
    async time(times) {
      try {
        return await peer.time(times);
      } catch (error) {
        if (!(error instanceof PeerError)) throw error;
        failure = error.message;
        return null;
      }
    },
  };
}
