import { InputError } from "../std/errors.ts";

/** Where a record of a JSON file lies. */
export interface RecordPlace {
  /** The field of the file's object whose list holds it: "annotations". */
  readonly section: string;
  /** Bytes of the file. */
  readonly start: number;
  readonly end: number;
}

const CHUNK = 1 << 20;
/** Records that are longer are none: polygons of a crowd have a megabyte. */
const MAX_RECORD = 1 << 26;
const MAX_DEPTH = 64;
const MAX_KEY = 256;

const [QUOTE, BACKSLASH, OPEN, CLOSE] = [0x22, 0x5c, 0x7b, 0x7d];
const [BRACKET, CLOSE_BRACKET] = [0x5b, 0x5d];

/**
 * Finds the objects in the lists of a file that is one JSON object, {"images": [{…}, …], …}, without
 * reading it into memory: such files have hundreds of megabytes. What is inside a record is for
 * whoever parses it.
 *
 * @throws {InputError} with the byte at which brackets do not match, or when the file is cut off.
 */
export async function* recordPlaces(path: string): AsyncGenerator<RecordPlace> {
  const scanner = new Scanner(path);
  using file = await Deno.open(path);
  const buffer = new Uint8Array(CHUNK);
  for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
    yield* scanner.scan(buffer.subarray(0, read));
  }
  scanner.end();
}

class Scanner {
  /** Closing brackets that are due, the innermost last. */
  readonly #due: number[] = [];
  #inText = false;
  #escaped = false;
  #key = "";
  #section = "";
  #start = 0;
  #at = 0;
  #ended = false;

  constructor(private readonly path: string) {}

  *scan(chunk: Uint8Array): Generator<RecordPlace> {
    for (const byte of chunk) {
      if (this.#inText) this.#text(byte);
      else if (byte > 0x20) {
        const place = this.#mark(byte);
        if (place !== undefined) yield place;
      }
      this.#at++;
    }
  }

  #text(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inText = false;
    if (this.#inText && this.#due.length === 1 && this.#key.length < MAX_KEY) {
      this.#key += String.fromCharCode(byte);
    }
  }

  #mark(byte: number): RecordPlace | undefined {
    const depth = this.#due.length;
    if (this.#ended || (depth === 0 && byte !== OPEN)) throw this.#fail("one object is needed");
    if (byte === QUOTE) {
      this.#inText = true;
      if (depth === 1) this.#key = "";
    } else if (byte === OPEN || byte === BRACKET) {
      if (depth >= MAX_DEPTH) throw this.#fail(`it is nested more than ${MAX_DEPTH} deep`);
      if (depth === 1) this.#section = byte === BRACKET ? this.#key : "";
      if (depth === 2 && byte === OPEN) this.#start = this.#at;
      this.#due.push(byte === OPEN ? CLOSE : CLOSE_BRACKET);
    } else if (byte === CLOSE || byte === CLOSE_BRACKET) {
      return this.#close(byte);
    }
    return undefined;
  }

  #close(byte: number): RecordPlace | undefined {
    if (this.#due.pop() !== byte) throw this.#fail("its brackets do not match");
    this.#ended = this.#due.length === 0;
    if (this.#due.length !== 2 || byte !== CLOSE || this.#section === "") return undefined;
    const place = { section: this.#section, start: this.#start, end: this.#at + 1 };
    if (place.end - place.start > MAX_RECORD) throw this.#fail("its record is too long");
    return place;
  }

  end(): void {
    if (!this.#ended) throw this.#fail("it is cut off");
  }

  #fail(found: string): InputError {
    return new InputError(`Cannot read "${this.path}" at byte ${this.#at}: ${found}`);
  }
}
