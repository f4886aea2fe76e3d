/** Strings, numbers and words of a JSON file, from a window of text that moves over it. */
import { InputError } from "../std/errors.ts";
import { place, Source } from "./json_source.ts";

/** Characters of one string; the longest real ones are run-length masks of some 100 KB. */
const MAX_STRING = 1 << 26;
/** A token is read from a window that holds at least so many characters more, or the end. */
const MARGIN = 1 << 12;
/** Slots of the table of recent short strings: keys and class names come again and again. */
const RECENT = 1024;
const LONGEST_RECENT = 40;
/** Powers of ten that a double holds exactly. */
const TENS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

const [QUOTE, BACKSLASH, MINUS, PLUS, POINT] = [34, 92, 45, 43, 46];
const [ZERO, NINE, LOWER_E, UPPER_E, LOWER_F, LOWER_N, LOWER_T] = [48, 57, 101, 69, 102, 110, 116];
/** What Python's `json` takes as numbers too. */
const NUMBER_WORDS = [["NaN", NaN], ["Infinity", Infinity], ["-Infinity", -Infinity]] as const;

/** The tokens of JSON; how they fit together is the business of `JsonReader`. */
export class JsonLexer implements Disposable {
  readonly #path: string;
  readonly #source: Source;
  /** Decoded part of the file; `at` is the next character in it. */
  #text = "";
  #at = 0;
  /** Characters of the file before the window. */
  #before = 0;
  #atEnd = false;
  /** Start of the last token, for error texts. */
  #token = 0;
  readonly #recent: string[] = new Array(RECENT).fill("");

  /** @throws {InputError} The file cannot be opened. */
  protected constructor(path: string, chunk: number | undefined) {
    this.#path = path;
    this.#source = new Source(path, chunk);
  }

  [Symbol.dispose](): void {
    this.#source.close();
  }

  /** Takes a string. */
  string(): string {
    if (this.peek() !== QUOTE) throw this.needs("a string");
    return this.#string();
  }

  /** Takes a number. */
  number(): number {
    const first = this.peek();
    if (first !== MINUS && (first < ZERO || first > NINE)) return this.#numberWord();
    return this.#number();
  }

  /** Takes `true` or `false`. */
  boolean(): boolean {
    if (this.peek() === LOWER_T) return this.#word("true", true);
    if (this.peek() === LOWER_F) return this.#word("false", false);
    throw this.needs("true or false");
  }

  /** Takes `null`. */
  null(): null {
    if (this.peek() === LOWER_N) return this.#word("null", null);
    throw this.needs("null");
  }

  /** The error that something else than what comes, or came last, is needed. */
  needs(needed: string): InputError {
    const shown = this.#token < this.#text.length
      ? JSON.stringify(this.#text.slice(this.#token, this.#token + 20))
      : "the end of the file";
    return this.fail(`found ${shown}, and ${needed} is needed`);
  }

  /** An error about the value that was taken last, with its place. */
  fail(what: string): InputError {
    const { line, column } = place(this.#path, this.#before + this.#token);
    return new InputError(`Cannot read "${this.#path}": line ${line}, column ${column}: ${what}`);
  }

  /** Takes the character that was peeked at. */
  protected advance(): void {
    this.#at++;
  }

  /** The next character that is no white space, -1 at the end. A token of it is in the window. */
  protected peek(): number {
    let at = this.#at;
    const text = this.#text;
    if (at + MARGIN < text.length) {
      let c = text.charCodeAt(at);
      if (c > 32) {
        this.#token = at;
        return c;
      }
      if (c === 32) {
        c = text.charCodeAt(++at);
        if (c > 32) {
          this.#at = this.#token = at;
          return c;
        }
      }
    }
    this.#skipSpace();
    this.#token = this.#at;
    return this.#at < this.#text.length ? this.#text.charCodeAt(this.#at) : -1;
  }

  #skipSpace(): void {
    for (;;) {
      if (this.#at + MARGIN >= this.#text.length) this.#refill(this.#at);
      const end = this.#atEnd ? this.#text.length : this.#text.length - MARGIN;
      while (this.#at < end) {
        const c = this.#text.charCodeAt(this.#at);
        if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return;
        this.#at++;
      }
      if (this.#atEnd) return;
    }
  }

  /** Reads on, so that more than a margin lies after `#at`; what is before `from` is forgotten. */
  #refill(from: number): void {
    while (!this.#atEnd && this.#at + MARGIN >= this.#text.length) {
      const more = this.#source.read();
      if (more === undefined) this.#atEnd = true;
      this.#before += from;
      this.#text = this.#text.slice(from) + (more ?? "");
      this.#at -= from;
      this.#token -= from;
      from = 0;
    }
  }

  /** Takes the string at `#at`. */
  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let hash = 0;
    for (let i = start; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c === QUOTE) {
        this.#at = i + 1;
        return i - start <= LONGEST_RECENT
          ? this.#recall(start, i, hash)
          : owned(text.slice(start, i));
      }
      if (c === BACKSLASH || c < 32) break;
      hash = (Math.imul(hash, 31) + c) | 0;
    }
    const escaped = this.closingQuote();
    const raw = this.#text.slice(this.#token, this.#at);
    if (!escaped) return owned(raw.slice(1, -1));
    try {
      return JSON.parse(raw);
    } catch {
      throw this.needs("a string whose escapes are valid");
    }
  }

  /** The string in that span, the same object as last time where it came lately. */
  #recall(start: number, end: number, hash: number): string {
    const slot = (hash ^ (hash >>> 12)) & (RECENT - 1);
    const known = this.#recent[slot]!;
    if (known.length === end - start && this.#text.startsWith(known, start)) return known;
    return this.#recent[slot] = owned(this.#text.slice(start, end));
  }

  /** Moves behind the string at `#at`, which may reach over windows; whether it has escapes. */
  protected closingQuote(): boolean {
    let escaped = false;
    let i = this.#at + 1;
    for (;;) {
      for (; i < this.#text.length; i++) {
        const c = this.#text.charCodeAt(i);
        if (c === QUOTE) {
          this.#at = i + 1;
          return escaped;
        }
        if (c < 32) throw this.needs("a string without control characters");
        if (c !== BACKSLASH) continue;
        escaped = true;
        i++;
      }
      if (this.#atEnd) throw this.fail("the file ends within this string");
      if (i - this.#token > MAX_STRING) throw this.fail("this string is too long");
      i -= this.#token;
      const start = this.#token;
      this.#at = this.#text.length;
      this.#refill(start);
    }
  }

  /** Takes the number at `#at`: exact in doubles where it is short, else as `Number` has it. */
  #number(): number {
    const text = this.#text;
    const start = this.#at;
    let i = start;
    const negative = text.charCodeAt(i) === MINUS;
    if (negative) i++;
    const digits = i;
    let mantissa = 0;
    let c = text.charCodeAt(i);
    while (c >= ZERO && c <= NINE) {
      mantissa = mantissa * 10 + (c - ZERO);
      c = text.charCodeAt(++i);
    }
    const whole = i - digits;
    if (whole === 0) return this.#numberWord();
    if (whole > 1 && text.charCodeAt(digits) === ZERO) {
      throw this.needs("a number without a 0 first");
    }
    let decimals = 0;
    if (c === POINT) {
      const from = i + 1;
      c = text.charCodeAt(++i);
      while (c >= ZERO && c <= NINE) {
        mantissa = mantissa * 10 + (c - ZERO);
        c = text.charCodeAt(++i);
      }
      decimals = i - from;
      if (decimals === 0) throw this.needs('digits after "."');
    }
    const short = whole + decimals <= 15;
    if (c === LOWER_E || c === UPPER_E) return this.#withExponent(i);
    if (i >= text.length && !this.#atEnd) throw this.fail("this number is too long");
    this.#at = i;
    if (!short) return Number(text.slice(start, i));
    const value = mantissa / TENS[decimals]!;
    return negative ? -value : value;
  }

  /** Takes a number whose exponent begins at `i`. */
  #withExponent(i: number): number {
    const text = this.#text;
    let c = text.charCodeAt(++i);
    if (c === PLUS || c === MINUS) c = text.charCodeAt(++i);
    const from = i;
    while (c >= ZERO && c <= NINE) c = text.charCodeAt(++i);
    if (i === from) throw this.needs("digits in the exponent");
    if (i >= text.length && !this.#atEnd) throw this.fail("this number is too long");
    this.#at = i;
    return Number(text.slice(this.#token, i));
  }

  #numberWord(): number {
    for (const [word, value] of NUMBER_WORDS) {
      if (this.#text.startsWith(word, this.#at)) return this.#word(word, value);
    }
    throw this.needs("a number");
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.needs(word);
    this.#at += word.length;
    return value;
  }
}

/**
 * The same characters in memory of their own: a long slice keeps the whole window alive that it
 * was cut from. Joining an array writes a new string.
 */
function owned(slice: string): string {
  const half = slice.length >> 1;
  return [slice.slice(0, half), slice.slice(half)].join("");
}
