/** A worker process that answers JSON lines; whatever goes wrong with it is a reason, not a crash. */

/** A worker died, was silent too long, or answered nonsense or with an error. */
export class PeerError extends Error {
  override readonly name = "PeerError";

  constructor(message: string, readonly lost: boolean) {
    super(message);
  }
}

/** No answer is as long: one that is would fill the memory. */
const MOST_CHARS = 1 << 16;
/** How long a worker that has closed its output may take to end. */
const ENDING_MS = 2000;
/** What is kept of what a worker writes to standard error. */
const LAST_CHARS = 2000;

/** A running worker. After an error with `lost` it is gone for good. */
export class WorkerProcess implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: AsyncGenerator<string>;
  readonly #errorText: ReadableStreamDefaultReader<string>;
  readonly #said: Promise<void>;
  #errors = "";

  /** @throws {PeerError} The program is not there or may not be started. */
  constructor([program, ...args]: readonly [string, ...string[]]) {
    const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    try {
      this.#process = new Deno.Command(program, { args, ...pipes }).spawn();
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new PeerError(`Cannot start ${program}: ${detail}`, true);
    }
    this.#input = this.#process.stdin.getWriter();
    this.#lines = linesOf(this.#process.stdout);
    this.#errorText = this.#process.stderr.pipeThrough(new TextDecoderStream()).getReader();
    this.#said = this.#keepErrors();
  }

  /**
   * Sends a request and waits for its reply, an object without `error`.
   *
   * @throws {PeerError} There is no such reply within `limitMs`.
   */
  async ask(request: object, limitMs: number): Promise<Record<string, unknown>> {
    const line = await this.#answer(`${JSON.stringify(request)}\n`, limitMs);
    let reply: unknown;
    try {
      reply = JSON.parse(line);
    } catch {
      throw this.#stop(`it answered ${JSON.stringify(line.slice(0, 60))}, which is not JSON`);
    }
    if (typeof reply !== "object" || reply === null || Array.isArray(reply)) {
      throw this.#stop(`it answered ${line.slice(0, 60)}, which is not an object`);
    }
    const { error } = reply as { error?: unknown };
    if (error !== undefined) throw new PeerError(oneLine(String(error)), false);
    return reply as Record<string, unknown>;
  }

  async #answer(request: string, limitMs: number): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), limitMs);
    });
    try {
      // A dead worker takes nothing: that it is dead is found out by what it answers.
      const sent = this.#input.write(new TextEncoder().encode(request)).catch(() => {});
      const got = await Promise.race([sent.then(() => this.#lines.next()), late]);
      if (got === "late") throw this.#stop(`no answer within ${limitMs / 1e3} s`);
      if (got.done !== true) return got.value;
    } finally {
      clearTimeout(timer);
    }
    throw await this.#ended();
  }

  /** Why there will be no more answers. */
  async #ended(): Promise<PeerError> {
    // It may have closed its output and go on, or left its standard error to another process.
    const timer = setTimeout(() => this.#close(), ENDING_MS);
    const { code, signal } = await this.#process.status;
    await this.#said;
    clearTimeout(timer);
    const last = this.#errors.trim().split("\n").at(-1) ?? "";
    const how = signal === null ? `ended with ${code}` : `was ended by ${signal}`;
    return new PeerError(`the worker ${how}${last === "" ? "" : `: ${oneLine(last)}`}`, true);
  }

  /** Ends the process and gives the error that says why. */
  #stop(reason: string): PeerError {
    this.#kill();
    return new PeerError(`the worker was stopped: ${reason}`, true);
  }

  async #keepErrors(): Promise<void> {
    for (let got = await this.#errorText.read(); !got.done; got = await this.#errorText.read()) {
      this.#errors = (this.#errors + got.value).slice(-LAST_CHARS);
    }
  }

  async #close(): Promise<void> {
    this.#kill();
    await this.#errorText.cancel().catch(() => {});
  }

  #kill(): void {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.#input.abort().catch(() => {});
    await this.#lines.return(undefined).catch(() => {});
    await this.#process.status;
    await this.#said;
  }
}

/** The lines of a stream; one that is too long ends it. */
async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
    if (rest.length > MOST_CHARS) yield rest;
  }
}

const oneLine = (text: string) => text.replaceAll(/\s+/g, " ").trim().slice(0, 300);
