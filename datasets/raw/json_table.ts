/** A JSON array written record by record: tables of gigabytes do not fit into a string. */
export class JsonTable implements Disposable {
  #file: Deno.FsFile | undefined;
  #text = "[\n";
  #records = 0;

  constructor(private readonly path: string) {}

  get #temporary(): string {
    return `${this.path}.${Deno.pid}.part`;
  }

  open(): void {
    this.#file = Deno.openSync(this.#temporary, { write: true, create: true, truncate: true });
  }

  add(record: object): void {
    this.#text += `${this.#records++ > 0 ? ",\n" : ""}${JSON.stringify(record)}`;
    if (this.#text.length > 1 << 20) this.#flush();
  }

  /** Ends the array; the file appears under its name. */
  async close(): Promise<void> {
    this.#text += "\n]\n";
    this.#flush();
    this.#file?.close();
    this.#file = undefined;
    await Deno.rename(this.#temporary, this.path);
  }

  #flush(): void {
    const bytes = new TextEncoder().encode(this.#text);
    for (let done = 0; done < bytes.length;) done += this.#file!.writeSync(bytes.subarray(done));
    this.#text = "";
  }

  /** Removes what was not closed. */
  [Symbol.dispose](): void {
    if (this.#file === undefined) return;
    this.#file.close();
    this.#file = undefined;
    Deno.removeSync(this.#temporary);
  }
}
