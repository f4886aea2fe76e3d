/** Reads numbers and words from bytes as C's `fscanf` does, which ignores where lines end. */

const [SPACE, MINUS, PLUS, POINT, ZERO, NINE, LOWER_E] = [32, 45, 43, 46, 48, 57, 101];
/** Digits that a double holds whatever they are. */
const EXACT_DIGITS = 15;
/** Powers of ten that a double holds exactly. */
const TENS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const NAMED = /^[+-]?(?:nan|infinity|inf)/i;
const ascii = new TextDecoder("latin1");

/** A place in the bytes of a file. Conversions move it behind what they took. */
export class Scanner {
  #at = 0;

  constructor(readonly bytes: Uint8Array) {}

  /** Whether nothing but white space is left. */
  get done(): boolean {
    this.#skipSpace();
    return this.#at === this.bytes.length;
  }

  /** Line of the next word, from 1 on. */
  get line(): number {
    this.#skipSpace();
    let line = 1;
    for (let i = 0; i < this.#at; i++) if (this.bytes[i] === 10) line++;
    return line;
  }

  /** `%s`: the next word; empty at the end. */
  word(): string {
    this.#skipSpace();
    const start = this.#at;
    while (this.#at < this.bytes.length && !isSpace(this.bytes[this.#at]!)) this.#at++;
    return String.fromCharCode(...this.bytes.subarray(start, this.#at));
  }

  /** `%d`: undefined, and nothing taken, where no integer comes. */
  integer(): number | undefined {
    this.#skipSpace();
    const { bytes } = this;
    let at = this.#at;
    const sign = bytes[at] === MINUS ? -1 : 1;
    if (bytes[at] === MINUS || bytes[at] === PLUS) at++;
    const from = at;
    let value = 0;
    for (; isDigit(bytes[at]); at++) value = value * 10 + (bytes[at]! - ZERO);
    if (at === from) return undefined;
    this.#at = at;
    return sign * value;
  }

  /** `%lf`: undefined, and nothing taken, where no number comes. */
  number(): number | undefined {
    this.#skipSpace();
    const { bytes } = this;
    const start = this.#at;
    let at = start;
    if (bytes[at] === MINUS || bytes[at] === PLUS) at++;
    let mantissa = 0;
    let digits = 0;
    let decimals = 0;
    for (; isDigit(bytes[at]); at++, digits++) mantissa = mantissa * 10 + (bytes[at]! - ZERO);
    if (bytes[at] === POINT) {
      at++;
      for (; isDigit(bytes[at]); at++, digits++, decimals++) {
        mantissa = mantissa * 10 + (bytes[at]! - ZERO);
      }
    }
    if (digits === 0) return this.#named();
    const end = this.#exponentEnd(at);
    this.#at = end;
    if (end > at || digits > EXACT_DIGITS) return Number(ascii.decode(bytes.subarray(start, end)));
    return (bytes[start] === MINUS ? -mantissa : mantissa) / TENS[decimals]!;
  }

  /** Behind the exponent that begins at `at`, or `at` where none does. */
  #exponentEnd(at: number): number {
    const { bytes } = this;
    if ((bytes[at]! | SPACE) !== LOWER_E) return at;
    let end = at + 1;
    if (bytes[end] === MINUS || bytes[end] === PLUS) end++;
    if (!isDigit(bytes[end])) return at;
    while (isDigit(bytes[end])) end++;
    return end;
  }

  #named(): number | undefined {
    const text = ascii.decode(this.bytes.subarray(this.#at, this.#at + 9));
    const name = NAMED.exec(text)?.[0];
    if (name === undefined) return undefined;
    this.#at += name.length;
    if (/nan/i.test(name)) return NaN;
    return name.startsWith("-") ? -Infinity : Infinity;
  }

  #skipSpace(): void {
    while (this.#at < this.bytes.length && isSpace(this.bytes[this.#at]!)) this.#at++;
  }
}

function isSpace(byte: number): boolean {
  return byte === SPACE || (byte >= 9 && byte <= 13);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}
