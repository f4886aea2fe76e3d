/** Reads JSON files of any size with a window of memory, and says where one is malformed. */
import { JsonLexer } from "./json_lexer.ts";

/** Containers inside each other; a file of brackets would grow the stack without end. */
const MAX_DEPTH = 256;

const [QUOTE, COMMA, COLON] = [34, 44, 58];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];
const [LOWER_F, LOWER_N, LOWER_T] = [102, 110, 116];

/** What the next value is. */
export type JsonKind = "object" | "array" | "string" | "number" | "boolean" | "null";

/** A value as `JSON.parse` would give it. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | JsonValue[]
  | { [key: string]: JsonValue };

/**
 * A pull reader: the caller asks for what must come next, and anything else is an `InputError`
 * that names file, line and column. As in Python's `json`, `NaN` and `Infinity` are numbers.
 *
 * ```ts
 * using json = JsonReader.open(path);
 * json.enterObject();
 * for (let key = json.key(); key !== undefined; key = json.key()) {
 *   if (key === "score") score = json.number();
 *   else json.skip();
 * }
 * json.end();
 * ```
 */
export class JsonReader extends JsonLexer {
  #depth = 0;
  /** By depth: whether the container has had an element, so that a comma must come. */
  readonly #seen = new Uint8Array(MAX_DEPTH + 1);

  /**
   * @param chunk Bytes that are read at a time.
   * @throws {InputError} The file cannot be opened.
   */
  static open(path: string, chunk?: number): JsonReader {
    return new JsonReader(path, chunk);
  }

  /** What the next value is, without taking it. */
  kind(): JsonKind {
    const c = this.peek();
    if (c === OPEN_OBJECT) return "object";
    if (c === OPEN_ARRAY) return "array";
    if (c === QUOTE) return "string";
    if (c === LOWER_T || c === LOWER_F) return "boolean";
    if (c === LOWER_N) return "null";
    return "number";
  }

  /** Takes "{". */
  enterObject(): void {
    this.#enter(OPEN_OBJECT, "an object");
  }

  /** Takes the next key and its colon, or "}": then undefined. */
  key(): string | undefined {
    if (!this.#more(CLOSE_OBJECT)) return undefined;
    if (this.peek() !== QUOTE) throw this.needs('a key in double quotes or "}"');
    const key = this.string();
    if (this.peek() !== COLON) throw this.needs('":"');
    this.advance();
    return key;
  }

  /** Takes "[". */
  enterArray(): void {
    this.#enter(OPEN_ARRAY, "an array");
  }

  /** Whether another element comes, which the caller must take then; takes "]" if none does. */
  element(): boolean {
    return this.#more(CLOSE_ARRAY);
  }

  /** Takes an array of exactly so many numbers. */
  numbers(count: number): number[] {
    this.enterArray();
    const values: number[] = [];
    while (this.element()) {
      if (values.length === count) throw this.needs(`${count} numbers and no more`);
      values.push(this.number());
    }
    if (values.length < count) throw this.needs(`${count} numbers, not ${values.length}`);
    return values;
  }

  /** Takes any value. */
  value(): JsonValue {
    switch (this.kind()) {
      case "string":
        return this.string();
      case "number":
        return this.number();
      case "boolean":
        return this.boolean();
      case "null":
        return this.null();
      case "array": {
        const array: JsonValue[] = [];
        this.enterArray();
        while (this.element()) array.push(this.value());
        return array;
      }
      case "object": {
        const entries: [string, JsonValue][] = [];
        this.enterObject();
        for (let key = this.key(); key !== undefined; key = this.key()) {
          entries.push([key, this.value()]);
        }
        return Object.fromEntries(entries);
      }
    }
  }

  /** Takes any value and forgets it. */
  skip(): void {
    switch (this.kind()) {
      case "string":
        this.closingQuote();
        return;
      case "number":
        this.number();
        return;
      case "boolean":
        this.boolean();
        return;
      case "null":
        this.null();
        return;
      case "array":
        this.enterArray();
        while (this.element()) this.skip();
        return;
      case "object":
        this.enterObject();
        while (this.key() !== undefined) this.skip();
    }
  }

  /** Nothing but white space may come. */
  end(): void {
    if (this.peek() !== -1) throw this.needs("the end of the file");
  }

  #enter(open: number, what: string): void {
    if (this.peek() !== open) throw this.needs(what);
    if (this.#depth === MAX_DEPTH) {
      throw this.fail(`it is nested deeper than ${MAX_DEPTH} levels`);
    }
    this.advance();
    this.#seen[++this.#depth] = 0;
  }

  /** Takes the comma before the next element, or `close`. */
  #more(close: number): boolean {
    let c = this.peek();
    if (c === close) {
      this.advance();
      this.#depth--;
      return false;
    }
    if (this.#seen[this.#depth] === 1) {
      if (c !== COMMA) throw this.needs(`"," or "${String.fromCharCode(close)}"`);
      this.advance();
      c = this.peek();
      if (c === close) throw this.needs("another element after the comma");
    }
    this.#seen[this.#depth] = 1;
    return true;
  }
}
