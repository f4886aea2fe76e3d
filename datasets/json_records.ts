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
      if (this.#state === "object") {
        if (!this.#closes(byte)) continue;
        yield this.#parse(chunk.subarray(start, i + 1), i);
        this.#state = "between";
      } else if (byte === OPEN && (this.#state === "first" || this.#state === "value")) {
        this.#state = "object";
        this.#depth = 1;
        start = i;
      } else this.#outside(byte, i);
    }
    if (this.#state === "object") this.#keep(chunk.slice(start));
    this.#consumed += chunk.length;
  }

  /** Whether `byte`, inside the object, is the brace that closes it. */
  #closes(byte: number): boolean {
    if (this.#inText) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inText = false;
    } else if (byte === QUOTE) this.#inText = true;
    else if (byte === OPEN) this.#depth++;
    else if (byte === CLOSE) this.#depth--;
    return this.#depth === 0;
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
