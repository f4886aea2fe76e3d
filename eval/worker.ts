/// <reference lib="deno.worker" />
/** A thread of {@linkcode runBenchmark}: scores its share of the items and sends its counts back. */
import type { Request } from "./benchmark.ts";
import { benchmarkOf } from "./registry.ts";
import { Cursor, type Failure, scoreShare } from "./share.ts";

/** What a thread is started with. */
export interface Task {
  readonly id: string;
  readonly request: Request;
  readonly items: readonly unknown[];
  /** Memory of the {@linkcode Cursor} that all threads share. */
  readonly cursor: SharedArrayBuffer;
}

/** What a thread answers, once. */
export interface Reply {
  readonly state: unknown;
  readonly failure: Failure | undefined;
}

self.onmessage = async ({ data }: MessageEvent<Task>) => {
  const scorer = (await benchmarkOf(data.id)).scorer(data.request);
  const failure = await scoreShare(scorer, data.items, new Cursor(data.cursor));
  const reply: Reply = { state: scorer.state, failure };
  self.postMessage(reply);
};
