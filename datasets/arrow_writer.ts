import { createHash, type Hash } from "node:crypto";
import {
  AsyncByteQueue,
  Field,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
} from "apache-arrow";
import { writeAtomic } from "../std/files.ts";
import { cellData, columnType } from "./arrow_cells.ts";
import { encodeMetadata, type ScanMetadata } from "./metadata.ts";
import type { Scan } from "./scan.ts";
import { shapeProblems } from "./scan_shape.ts";
import { COLUMNS } from "./schema.ts";

/** What was written. */
export interface Written {
  readonly scans: number;
  readonly bytes: number;
  /** SHA-256 of the file in hexadecimal. */
  readonly sha256: string;
}

/**
 * Writes scans to an Arrow file, one row and record batch each. Each scan is on disk before the
 * next is asked for. The file appears when it is complete, or not at all.
 *
 * @throws {RangeError} when there are no scans, or the arrays of a scan do not fit each other.
 */
export async function writeScans(
  path: string,
  metadata: ScanMetadata,
  scans: Iterable<Scan> | AsyncIterable<Scan>,
): Promise<Written> {
  const schema = scanSchema(metadata);
  const chunks = new Chunks();
  let count = 0;
  await writeAtomic(path, async (temporary) => {
    using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
    const writer = new RecordBatchFileWriter();
    writer.reset(chunks);
    for await (const scan of scans) {
      writer.write(scanBatch(schema, metadata, scan));
      await chunks.drainTo(file);
      count++;
    }
    if (count === 0) {
      throw new RangeError(`Cannot write "${path}": there are no scans, and one is needed`);
    }
    writer.finish();
    await chunks.drainTo(file);
  });
  return { scans: count, bytes: chunks.bytes, sha256: chunks.sha256.digest("hex") };
}

/**
 * The bytes of one scan on their way to the file, where the library's own queue would gather the
 * whole file. Waiting for the disk also lets Ctrl-C in between two scans.
 */
class Chunks extends AsyncByteQueue {
  bytes = 0;
  readonly sha256: Hash = createHash("sha256");
  readonly #chunks: Uint8Array[] = [];

  override write(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
  }

  async drainTo(file: Deno.FsFile): Promise<void> {
    for (const bytes of this.#chunks.splice(0)) {
      this.sha256.update(bytes);
      this.bytes += bytes.length;
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    }
  }
}

function scanSchema(metadata: ScanMetadata): Schema {
  const fields = COLUMNS.map((column) =>
    new Field(column.name, columnType(column), column.nullable)
  );
  return new Schema(fields, encodeMetadata(metadata));
}

function scanBatch(schema: Schema, metadata: ScanMetadata, scan: Scan): RecordBatch {
  const [problem] = shapeProblems(scan, metadata);
  if (problem !== undefined) throw new RangeError(`Cannot write scan "${scan.id}": ${problem}`);
  const children = COLUMNS.map((column) => cellData(column, column.of(scan)));
  const type = new Struct(schema.fields);
  return new RecordBatch(schema, makeData({ type, length: 1, nullCount: 0, children }));
}
