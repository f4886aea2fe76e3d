import { InputError } from "../std/errors.ts";

/** The longest record that is believed; those of data sets have a few hundred bytes. */
const MAX_RECORD = 1 << 20;
const CHUNK = 1 << 20;

/** A record of a JSON table, not yet looked into. */
export type JsonRecord = Readonly<Record<string, unknown>>;

const [QUOTE, BACKSLASH, OPEN, CLOSE] = [0x22, 0x5c, 0x7b, 0x7d];
const [BRACKET, CLOSE_BRACKET, COMMA] = [0x5b, 0x5d, 0x2c];

/**
 * The objects of a JSON file that is one array of objects, one at a time: tables of gigabytes do
 * not fit into a string. Memory holds a chunk and a record.
 *
 * @throws {InputError} with the byte at which the file is no such array.
 */
export async function* jsonRecords(path: string): AsyncGenerator<JsonRecord> {
  const splitter = new Splitter(path);
  using file = await openTable(path);
  const buffer = new Uint8Array(CHUNK);
  for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
    yield* splitter.split(buffer.subarray(0, read));
  }
  splitter.end();
}

async function openTable(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new InputError(`Cannot read "${path}": there is no such file`, { cause });
  }
}

/** Cuts the bytes of an array into those of its objects. */
class Splitter {
  #state: "before" | "first" | "value" | "between" | "object" | "after" = "before";
  #depth = 0;
  #inText = false;
  #escaped = false;
  /** Bytes of the open object from earlier chunks. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #consumed = 0;

  constructor(private readonly path: string) {}

  *split(chunk: Uint8Array): Generator<JsonRecord> {
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (this.#state !== "object") {
        if (byte !== OPEN || (this.#state !== "first" && this.#state !== "value")) {
          this.#outside(byte, i);
          continue;
        }
        this.#state = "object";
        start = i;
      }
      i = this.#objectEnd(chunk, i);
      if (i === chunk.length) break;
      yield this.#parse(chunk.subarray(start, i + 1), i);
      this.#state = "between";
    }
    if (this.#state === "object") this.#keep(chunk.slice(start));
    this.#consumed += chunk.length;
  }

  /** Position of the brace that closes the object, from `at` inside it; the end where it is later. */
  #objectEnd(chunk: Uint8Array, at: number): number {
    // Plain locals: this loop sees every byte of tables of gigabytes.
    let depth = this.#depth;
    let inText = this.#inText;
    let escaped = this.#escaped;
    let i = at;
    for (; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inText = false;
      } else if (byte === QUOTE) inText = true;
      else if (byte === OPEN) depth++;
      else if (byte === CLOSE && --depth === 0) break;
    }
    this.#depth = depth;
    this.#inText = inText;
    this.#escaped = escaped;
    return i;
  }

  #outside(byte: number, i: number): void {
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return;
    const state = this.#state;
    if (state === "before" && byte === BRACKET) this.#state = "first";
    else if (state === "between" && byte === COMMA) this.#state = "value";
    else if ((state === "between" || state === "first") && byte === CLOSE_BRACKET) {
      this.#state = "after";
    } else {
      throw new InputError(
        `Cannot read "${this.path}": byte ${this.#consumed + i} is ` +
          `${JSON.stringify(String.fromCharCode(byte))}, and a JSON array of objects is needed`,
      );
    }
  }

  #keep(part: Uint8Array): void {
    this.#pending.push(part);
    this.#pendingBytes += part.length;
    if (this.#pendingBytes > MAX_RECORD) {
      throw new InputError(
        `Cannot read "${this.path}": a record before byte ${
          this.#consumed + part.length
        } is over ` +
          `${MAX_RECORD} bytes`,
      );
    }
  }

  #parse(last: Uint8Array, i: number): JsonRecord {
    let bytes = last;
    if (this.#pending.length > 0) {
      this.#keep(last);
      bytes = new Uint8Array(this.#pendingBytes);
      let at = 0;
      for (const part of this.#pending) {
        bytes.set(part, at);
        at += part.length;
      }
      this.#pending = [];
      this.#pendingBytes = 0;
    }
    try {
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch (cause) {
      throw new InputError(
        `Cannot read "${this.path}": the record that ends at byte ${this.#consumed + i} is not ` +
          `JSON (${(cause as Error).message.replace(/\p{Cc}/gu, "?")})`,
        { cause },
      );
    }
  }

  end(): void {
    if (this.#state === "after") return;
    throw new InputError(
      `Cannot read "${this.path}": it ends at byte ${this.#consumed} inside its array`,
    );
  }
}
