/**
 * A progress line on stderr: a bar with rate and ETA on a terminal, one line every few seconds
 * elsewhere, nothing when the work is done before the first line is due.
 */
export class Progress implements Disposable {
  #done = 0;
  #start = performance.now();
  #last = performance.now();
  #drawn = false;
  readonly #terminal = Deno.stderr.isTerminal();

  constructor(readonly total: number, readonly label: string, readonly unit = "") {}

  tick(count = 1): void {
    this.#done += count;
    const now = performance.now();
    if (now - this.#last < (this.#terminal ? 100 : 3000)) return;
    this.#last = now;
    const seconds = (now - this.#start) / 1e3;
    const rate = this.#done / seconds;
    const eta = Math.max(0, (this.total - this.#done) / rate);
    const state = `${this.#done}/${this.total}${this.unit && ` ${this.unit}`}, ` +
      `${rate.toPrecision(3)}/s, ETA ${eta.toFixed(0)} s`;
    const width = 30;
    const filled = Math.min(width, Math.round((this.#done / this.total) * width));
    const bar = "#".repeat(filled).padEnd(width, ".");
    this.#write(
      this.#terminal ? `\r${this.label} [${bar}] ${state} ` : `${this.label}: ${state}\n`,
    );
    this.#drawn = true;
  }

  [Symbol.dispose](): void {
    if (this.#drawn && this.#terminal) this.#write("\n");
  }

  #write(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}
