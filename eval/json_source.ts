/** The text of a file in pieces, for readers that never hold the whole of it. */
import { InputError } from "../std/errors.ts";

/** Bytes that are read at a time. */
const CHUNK = 1 << 20;

/** Line and column, both from 1 on, of the character of that index. */
export function place(path: string, index: number): { line: number; column: number } {
  const source = new Source(path);
  let line = 1;
  let lineStart = 0;
  let before = 0;
  try {
    for (let text = source.read(); text !== undefined && before <= index; text = source.read()) {
      for (
        let i = text.indexOf("\n");
        i >= 0 && before + i < index;
        i = text.indexOf("\n", i + 1)
      ) {
        line++;
        lineStart = before + i + 1;
      }
      before += text.length;
    }
  } finally {
    source.close();
  }
  return { line, column: index - lineStart + 1 };
}

/** The text of a file, piece by piece; characters are never cut. */
export class Source {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #buffer: Uint8Array<ArrayBuffer>;
  /** Bytes at the front of the buffer that begin a character whose rest was not read yet. */
  #kept = 0;
  #bytes = 0;

  constructor(path: string, chunk = CHUNK) {
    this.#path = path;
    this.#buffer = new Uint8Array(chunk + 4);
    this.#file = attempt(path, () => Deno.openSync(path));
  }

  close(): void {
    this.#file.close();
  }

  /** The next piece, undefined at the end. */
  read(): string | undefined {
    const buffer = this.#buffer;
    const read = attempt(this.#path, () => this.#file.readSync(buffer.subarray(this.#kept))) ?? 0;
    const filled = this.#kept + read;
    if (filled === 0) return undefined;
    const whole = read === 0 ? filled : filled - cutBytes(buffer, filled);
    let text: string;
    try {
      text = this.#decoder.decode(buffer.subarray(0, whole));
    } catch (cause) {
      throw new InputError(
        `Cannot read "${this.#path}": it is not UTF-8 text between byte ${this.#bytes} and byte ` +
          `${this.#bytes + whole}`,
        { cause },
      );
    }
    buffer.copyWithin(0, whole, filled);
    this.#kept = filled - whole;
    this.#bytes += whole;
    return text;
  }
}

/** Bytes at the end of `buffer[0..filled)` that begin a character of more bytes. */
function cutBytes(buffer: Uint8Array, filled: number): number {
  for (let back = 1; back <= Math.min(3, filled); back++) {
    const byte = buffer[filled - back]!;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`Cannot read "${path}": ${reason}`, { cause });
  }
}
