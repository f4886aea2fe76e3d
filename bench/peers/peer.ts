/** Another engine beside ours: opened once a run, given layers, checked by the caller, then timed. */
import { unknownName } from "../../std/errors.ts";
import type { BenchBackend } from "../case.ts";
import { type PeerLayer, type PeerLayout, readOutput, writeLayer } from "./layer_files.ts";
import { PeerError, WorkerProcess } from "./process.ts";

/** The engines that have a worker, and how each stores weights. */
export const PEERS = {
  spconv: "spconv2",
  torchsparse: "torchsparse",
  minkowskiengine: "minkowski",
  // Plain products over our own kernel map, in our own order.
  torch: "torchsparse",
} as const satisfies Record<string, PeerLayout>;

export type PeerName = keyof typeof PEERS;

/** How workers are started and how long they may take. */
export interface PeerOptions {
  readonly device: BenchBackend;
  readonly threads: number;
  /** The worker's command line; our own worker when not given. */
  readonly command?: readonly [string, ...string[]];
  /** Importing an engine, or computing a layer for the first time. */
  readonly openMs?: number;
  /** A sample: a few runs of a layer. */
  readonly runMs?: number;
}

const OPEN_MS = 120_000;
const RUN_MS = 60_000;
/** A worker that was lost as often is not started again. */
const MOST_LOSSES = 2;

const PREFIX = "peer:";

/** Whether a row is of another engine. */
export function isPeer({ variant }: { variant: string }): boolean {
  return variant.startsWith(PREFIX);
}

const WORKER = decodeURIComponent(new URL("./worker.py", import.meta.url).pathname);

/** An engine, present or absent. */
export class Peer implements AsyncDisposable {
  /** The version and where it runs, or why it is absent. */
  state = "";
  #worker: WorkerProcess | undefined;
  #losses = 0;

  private constructor(readonly name: PeerName, private readonly options: PeerOptions) {}

  /** Starts the worker; what stands in its way becomes the state. */
  static async open(name: PeerName, options: PeerOptions): Promise<Peer> {
    const peer = new Peer(name, options);
    try {
      await peer.#start();
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      peer.#losses = MOST_LOSSES;
      peer.state = `absent: ${error.message}`;
      await peer.#stop();
    }
    return peer;
  }

  /** What its rows are called. */
  get variant(): string {
    return PREFIX + this.name;
  }

  /**
   * Gives it a layer and runs it once: the output [M, cout] in our order of rows.
   *
   * @throws {PeerError} It is absent, was lost, or does not do such a layer.
   */
  async load(layer: PeerLayer, copies: number): Promise<Float32Array> {
    if (this.#worker === undefined) await this.#again();
    const folder = await Deno.makeTempDir({ prefix: "voxmark-peer-" });
    try {
      await writeLayer(folder, layer, PEERS[this.name]);
      const { kind, cin, cout } = layer;
      await this.#ask({ do: "load", folder, layer: { kind, cin, cout, copies } }, this.#openMs);
      return await readOutput(folder, layer);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }

  /**
   * Milliseconds that `times` runs of the loaded layer take together, by the worker's clock.
   *
   * @throws {PeerError} It was lost, or its answer is no time.
   */
  async time(times: number): Promise<number> {
    const { ms } = await this.#ask({ do: "run", times }, this.options.runMs ?? RUN_MS);
    if (typeof ms === "number" && Number.isFinite(ms) && ms > 0) return ms;
    throw new PeerError(`it answered ${JSON.stringify(ms)} for a time in milliseconds`, false);
  }

  get #openMs(): number {
    return this.options.openMs ?? OPEN_MS;
  }

  async #start(): Promise<void> {
    const { device, threads, command = ["python3", WORKER, this.name] } = this.options;
    this.#worker = new WorkerProcess(command);
    const reply = await this.#ask({ do: "open", device, threads }, this.#openMs);
    if (typeof reply["version"] !== "string" || typeof reply["device"] !== "string") {
      throw new PeerError("it answered without a version and a device", false);
    }
    this.state = `${reply["version"]} on ${reply["device"]}`;
  }

  /** A second worker where the first was lost; a third is not tried. */
  async #again(): Promise<void> {
    if (this.#losses < MOST_LOSSES) return await this.#start();
    const lost = this.state.startsWith("absent") ? this.state : "lost twice, not started again";
    throw new PeerError(lost, true);
  }

  async #ask(request: object, limitMs: number): Promise<Record<string, unknown>> {
    try {
      if (this.#worker === undefined) throw new PeerError("the worker is gone", true);
      return await this.#worker.ask(request, limitMs);
    } catch (error) {
      if (error instanceof PeerError && error.lost) {
        this.#losses++;
        await this.#stop();
      }
      throw error;
    }
  }

  async #stop(): Promise<void> {
    await this.#worker?.[Symbol.asyncDispose]();
    this.#worker = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stop();
  }
}

/** The peers of a comma-separated list. */
export function peerNames(list: string): PeerName[] {
  const names = Object.keys(PEERS) as PeerName[];
  const wanted = list.split(",").map((name) => name.trim());
  const stranger = wanted.find((name) => !names.some((each) => each === name));
  if (stranger !== undefined) {
    throw unknownName("peer", stranger, names);
  }
  return names.filter((name) => wanted.includes(name));
}
