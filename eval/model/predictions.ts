/** Predictions on disk, in the layout that SemanticKITTI's devkit and server read. */
import { SEMANTIC_KITTI } from "../../datasets/published/semantic_kitti.ts";
import { InputError } from "../../std/errors.ts";
import { writeAtomic, writeTextAtomic } from "../../std/files.ts";

/** What a folder of predictions was made with; another run may not be mixed into it. */
export type Manifest = Readonly<Record<string, string | number | null>>;

const NAME = "run.json";

/** A folder of predictions that a run can be resumed in. */
export class Predictions {
  private constructor(readonly folder: string) {}

  /**
   * Opens or makes the folder.
   *
   * @throws {InputError} It cannot be made, or holds predictions of another run.
   */
  static async open(folder: string, manifest: Manifest): Promise<Predictions> {
    const path = `${folder}/${NAME}`;
    try {
      await Deno.mkdir(folder, { recursive: true });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new InputError(`Cannot make the folder --out "${folder}": ${reason}`, { cause });
    }
    const found = await readManifest(path);
    if (found === undefined) await writeTextAtomic(path, `${JSON.stringify(manifest, null, 2)}\n`);
    else checkSame(found, manifest, folder);
    return new Predictions(folder);
  }

  /** The raw class ids of a scan, or undefined where it is still to be predicted. */
  async read(id: string, points: number): Promise<Uint32Array<ArrayBuffer> | undefined> {
    try {
      const bytes = await Deno.readFile(labelPath(this.folder, id));
      // A file of another length is not from this data: written again.
      return bytes.length === 4 * points ? new Uint32Array(bytes.buffer) : undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  async write(id: string, labels: Uint32Array): Promise<void> {
    const path = labelPath(this.folder, id);
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    const bytes = new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength);
    await writeAtomic(path, (temporary) => Deno.writeFile(temporary, bytes));
  }
}

/**
 * Where a scan's predictions are: those of "08/000000" in sequences/08/predictions/000000.label.
 *
 * @throws {InputError} The ID is not of two plain names: it would become a path.
 */
export function labelPath(folder: string, id: string): string {
  const [sequence, frame] = scanName(id);
  return `${folder}/sequences/${sequence}/predictions/${frame}.label`;
}

/**
 * Sequence and frame of a scan's ID.
 *
 * @throws {InputError} The ID is not of two plain names: it would become a path.
 */
export function scanName(id: string): [string, string] {
  const found = /^([\w-][\w.-]*)\/([\w-][\w.-]*)$/.exec(id);
  if (found !== null) return [found[1]!, found[2]!];
  throw new InputError(
    `Cannot name the predictions of scan ${JSON.stringify(id)}: sequence/frame is needed`,
  );
}

async function readManifest(path: string): Promise<Manifest | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError(`Cannot resume: "${path}" is not JSON`, { cause });
  }
}

function checkSame(found: Manifest, wanted: Manifest, folder: string): void {
  const other = Object.keys(wanted).find((key) => found?.[key] !== wanted[key]);
  if (other === undefined) return;
  throw new InputError(
    `Cannot resume in "${folder}": its predictions are of ${other} ${
      found?.[other]
    }, this run has ` +
      `${wanted[other]}; another --out is needed`,
  );
}

/** The raw id that a prediction is written with, by class from 0 on. */
export const RAW_IDS: Uint32Array = Uint32Array.from(SEMANTIC_KITTI.learningMapInv.slice(1));
