import { InputError } from "../std/errors.ts";
import { decodeScan } from "./arrow_batch.ts";
import { type Block, type Footer, readBatchHeader, readFooter } from "./arrow_metadata.ts";
import type { Scan } from "./scan.ts";
import { decodeMetadata, type ScanMetadata } from "./metadata.ts";

const MAGIC = "ARROW1";

/**
 * An open Arrow file of scans. Opening reads the footer alone; a scan costs one read of its own
 * bytes into a new buffer, so memory holds as many scans as the caller keeps.
 */
export class ScanFile implements Disposable {
  private constructor(
    readonly path: string,
    readonly metadata: ScanMetadata,
    readonly blocks: readonly Block[],
    private readonly file: Deno.FsFile,
  ) {}

  /** @throws {InputError} when `path` is no scan file of this layout, or is cut off or damaged. */
  static open(path: string): ScanFile {
    const file = openFile(path);
    try {
      const { metadata, batches } = inspect(file);
      return new ScanFile(path, metadata, batches, file);
    } catch (cause) {
      file.close();
      throw unreadable(`"${path}"`, cause);
    }
  }

  /** Number of scans. */
  get length(): number {
    return this.blocks.length;
  }

  /**
   * Scan `index`. Offsets and lengths are checked against the file; whether the arrays fit each
   * other is for `shapeProblems`.
   *
   * @throws {InputError} when the file is damaged there.
   */
  read(index: number): Scan {
    const block = this.blocks[index];
    if (block === undefined) {
      throw new RangeError(`Cannot read scan ${index}: "${this.path}" has ${this.length} scans`);
    }
    try {
      const header = readBatchHeader(readAt(this.file, block.offset, block.headerBytes));
      if (header.bodyBytes > block.bodyBytes) {
        throw new RangeError(
          `its data take ${header.bodyBytes} bytes in the header and ${block.bodyBytes} in the footer`,
        );
      }
      return decodeScan(
        header,
        readAt(this.file, block.offset + block.headerBytes, header.bodyBytes),
      );
    } catch (cause) {
      throw unreadable(`"${this.path}" scan ${index}`, cause);
    }
  }

  [Symbol.dispose](): void {
    this.file.close();
  }
}

function openFile(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new InputError(`Cannot read "${path}": there is no such file`, { cause });
    }
    throw cause;
  }
}

/** Metadata and place of the scans, each place checked against the size of the file. */
function inspect(file: Deno.FsFile): { metadata: ScanMetadata; batches: readonly Block[] } {
  const { size } = file.statSync();
  const { footer, end } = findFooter(file, size);
  const metadata = decodeMetadata(footer.metadata, footer.columns);
  footer.batches.forEach(({ offset, headerBytes, bodyBytes }, i) => {
    if (offset < 8 || headerBytes < 8 || offset + headerBytes + bodyBytes > end) {
      throw new RangeError(
        `scan ${i} lies at bytes ${offset} to ${offset + headerBytes + bodyBytes}, and the data ` +
          `of the file are bytes 8 to ${end}`,
      );
    }
  });
  if (footer.batches.length === 0) throw new RangeError("it has no scans, and one is needed");
  return { metadata, batches: footer.batches };
}

/** The footer, and the position it starts at. */
function findFooter(file: Deno.FsFile, size: number): { footer: Footer; end: number } {
  const smallest = 8 + 4 + MAGIC.length;
  const head = size < smallest ? "" : latin1(readAt(file, 0, MAGIC.length));
  if (head !== MAGIC) {
    throw new RangeError(
      `it is ${size} bytes and does not start with "${MAGIC}": it is not an Arrow file`,
    );
  }
  const tail = readAt(file, size - 4 - MAGIC.length, 4 + MAGIC.length);
  if (latin1(tail.subarray(4)) !== MAGIC) {
    throw new RangeError(
      `it is ${size} bytes and does not end with "${MAGIC}": the file is cut off`,
    );
  }
  const length = new DataView(tail.buffer).getInt32(0, true);
  const end = size - 4 - MAGIC.length - length;
  if (length <= 0 || end < 8) {
    throw new RangeError(`its footer would take ${length} of its ${size} bytes`);
  }
  return { footer: readFooter(readAt(file, end, length)), end };
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/**
 * Bytes of a file in a buffer of their own. Synchronous, so that two readers of one file cannot
 * come between each other's seek and read.
 */
function readAt(file: Deno.FsFile, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let done = 0; done < length;) {
    const read = file.readSync(bytes.subarray(done));
    if (read === null) throw new RangeError(`the file ends ${length - done} bytes too early`);
    done += read;
  }
  return bytes;
}

/** What the decoders found, as the one line a user reads. Other errors are ours and pass through. */
function unreadable(what: string, cause: unknown): unknown {
  if (cause instanceof InputError || cause instanceof RangeError) {
    // Names that a damaged file gives may hold line breaks.
    const found = cause.message.replace(/\p{Cc}/gu, "?");
    return new InputError(`Cannot read ${what}: ${found}`, { cause });
  }
  return cause;
}
