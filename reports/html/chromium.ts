/**
 * A page in headless Chromium, for tests: the DevTools protocol over the browser's standard input
 * and output, so no port is opened and no right to the network is needed.
 */

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome"];
/** WebGL in software: the same on machines with and without a GPU. */
const FLAGS = [
  ..."--headless --no-sandbox --remote-debugging-pipe --no-first-run --disable-sync".split(" "),
  ..."--disable-background-networking --disable-component-update --disable-quic".split(" "),
  ..."--use-angle=swiftshader --enable-unsafe-swiftshader --ignore-gpu-blocklist".split(" "),
  ..."--disable-dev-shm-usage --hide-scrollbars".split(" "),
];
/** An answer that takes longer will not come. */
const ANSWER_MS = 60_000;

type Json = Record<string, unknown>;
// deno-lint-ignore no-explicit-any -- what a page answers is for its test to know
type Answer = any;

/** The first Chromium on the path, or undefined. */
export async function findChromium(): Promise<string | undefined> {
  for (const program of PROGRAMS) {
    try {
      const quiet = { stdin: "null", stdout: "null", stderr: "null" } as const;
      const { success } = await new Deno.Command(program, { args: ["--version"], ...quiet })
        .output();
      if (success) return program;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** A tab that shows one file. */
export class Tab implements AsyncDisposable {
  /** What the page said to the console as a warning or error, or threw. */
  readonly complaints: string[] = [];
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #events = new Map<string, () => void>();
  #next = 1;
  #session: string | undefined;

  private constructor(
    private readonly process: Deno.ChildProcess,
    private readonly input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>,
    private readonly profile: string,
  ) {}

  /** Opens `file` at that size in a light or dark scheme, and waits until it is loaded. */
  static async open(
    program: string,
    file: string,
    { width = 1280, height = 900, scheme = "light" } = {},
  ): Promise<Tab> {
    const profile = await Deno.makeTempDir();
    // Chromium reads file descriptor 3 and writes 4; only a shell can give it those.
    const line = 'exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1';
    const process = new Deno.Command("sh", {
      args: ["-c", line, program, ...FLAGS, `--user-data-dir=${profile}`, "about:blank"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const tab = new Tab(process, process.stdin.getWriter(), profile);
    try {
      await tab.#show(`file://${await Deno.realPath(file)}`, { width, height, scheme });
      return tab;
    } catch (error) {
      await tab[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #show(
    url: string,
    { width, height, scheme }: { width: number; height: number; scheme: string },
  ): Promise<void> {
    this.#listen();
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    this.#session = sessionId;
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await this.send(`${domain}.enable`);
    const media = { features: [{ name: "prefers-color-scheme", value: scheme }] };
    await this.send("Emulation.setEmulatedMedia", media);
    const metrics = { width, height, deviceScaleFactor: 1, mobile: false };
    await this.send("Emulation.setDeviceMetricsOverride", metrics);
    const loaded = new Promise<void>((resolve) => this.#events.set("Page.loadEventFired", resolve));
    await this.send("Page.navigate", { url });
    await inTime(loaded, "the load event");
  }

  /** The value of an expression in the page; a promise is waited for. */
  async evaluate(expression: string): Promise<Answer> {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", options);
    if (exceptionDetails !== undefined) {
      throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    }
    return result.value;
  }

  /** A picture of what the window shows, PNG. */
  async screenshot(): Promise<Uint8Array> {
    return Uint8Array.fromBase64((await this.send("Page.captureScreenshot")).data);
  }

  /** A command of the DevTools protocol and its answer. */
  async send(method: string, params: Json = {}): Promise<Answer> {
    const id = this.#next++;
    const sessionId = this.#session;
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    const message = JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) });
    await this.input.write(new TextEncoder().encode(`${message}\0`));
    const { error, result } = await inTime(answer, method);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** Takes what the browser writes apart at its zero bytes, until it ends. */
  async #listen(): Promise<void> {
    let rest = "";
    for await (const text of this.process.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\0");
      rest = parts.pop()!;
      for (const part of parts) this.#take(JSON.parse(part));
    }
    for (const resolve of this.#waiting.values()) resolve({ error: { message: "it has ended" } });
  }

  #take(message: Answer): void {
    const { id, method, params } = message;
    if (id !== undefined) return this.#waiting.get(id)?.(message);
    this.#events.get(method)?.();
    const bad = ["error", "warning", "assert"];
    if (method === "Runtime.exceptionThrown") {
      const { text, exception } = params.exceptionDetails;
      this.complaints.push(`${text} ${exception?.description ?? ""}`);
    } else if (method === "Runtime.consoleAPICalled" && bad.includes(params.type)) {
      this.complaints.push(params.args.map(({ value }: Answer) => String(value)).join(" "));
    } else if (method === "Log.entryAdded" && bad.includes(params.entry.level)) {
      this.complaints.push(params.entry.text);
    } else if (method === "Network.requestWillBeSent") {
      const { url } = params.request;
      if (!/^(file|data|blob|about):/.test(url)) this.complaints.push(`fetched ${url}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session = undefined;
    await this.send("Browser.close").catch(() => this.process.kill());
    await this.input.close().catch(() => {});
    await this.process.status;
    await Deno.remove(this.profile, { recursive: true });
  }
}

async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ANSWER_MS} ms: ${what}`)), ANSWER_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
