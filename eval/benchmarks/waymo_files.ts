/** Waymo's serialized `Objects`: predictions or ground truth of many frames in one file. */
import { InputError } from "../../std/errors.ts";
import { BOX, BOX_NUMBERS } from "../metrics/upright_boxes.ts";
import { ProtoError, ProtoReader } from "./proto_reader.ts";
import { readBytes } from "./files.ts";

/** Objects of a file, in its order. */
export interface ObjectFile {
  /** {@linkcode BOX_NUMBERS} each. */
  readonly boxes: number[];
  readonly types: number[];
  readonly scores: number[];
  readonly unlabelled: number[];
  readonly levels: number[];
  /** Key of the frame that each belongs to. */
  readonly frames: string[];
}

export function noObjects(): ObjectFile {
  return { boxes: [], types: [], scores: [], unlabelled: [], levels: [], frames: [] };
}

/** A frame, and how it is sorted: by context and camera, then by time. */
export interface FrameKey {
  readonly context: string;
  readonly time: bigint;
}

/** A box's fields are numbered 1 x, 2 y, 3 z, 4 width, 5 length, 6 height, 7 heading. */
const BOX_FIELDS = [
  -1,
  BOX.x,
  BOX.y,
  BOX.z,
  BOX.width,
  BOX.length,
  BOX.height,
  BOX.heading,
] as const;
/** Boxes with up to so many points are of LEVEL_2 where the file does not say. */
const LEVEL_2_POINTS = 5;
/** Bytes of the largest file that is read; the validation set has 100 MB of objects. */
const MAX_BYTES = 2 ** 29;
const text = new TextDecoder();

/** One object, with the defaults of its fields. */
class WaymoObject {
  readonly box = new Float64Array(BOX_NUMBERS);
  type = 0;
  score = 1;
  unlabelled = 0;
  level = 0;
  points = 0;
  context = "";
  time = 0n;
  camera = 0;
}

/**
 * Reads a file of objects and enters their frames in `keys`.
 *
 * @param truth Whether it is ground truth: objects without points are left out then.
 * @throws {InputError} It cannot be read, or is no such message; the text says at which byte.
 */
export function readObjects(path: string, truth: boolean, keys: Map<string, FrameKey>): ObjectFile {
  const bytes = readBytes(path, MAX_BYTES);
  const file = noObjects();
  try {
    const reader = new ProtoReader(bytes);
    for (let index = 0; reader.next();) {
      if (reader.field !== 1) reader.skip();
      else addObject(file, readObject(reader.message()), { path, index: index++, truth, keys });
    }
  } catch (error) {
    if (!(error instanceof ProtoError)) throw error;
    throw new InputError(
      `Cannot read "${path}" as waymo.open_dataset.Objects: byte ${error.at}: ${error.message}`,
      { cause: error },
    );
  }
  return file;
}

function readObject(reader: ProtoReader): WaymoObject {
  const object = new WaymoObject();
  while (reader.next()) {
    if (reader.field === 1) readLabel(reader.message(), object);
    else if (reader.field === 2) object.score = reader.float();
    else if (reader.field === 3) object.unlabelled = reader.int() === 0 ? 0 : 1;
    else if (reader.field === 4) object.context = text.decode(reader.span());
    else if (reader.field === 5) object.time = reader.long();
    else if (reader.field === 6) object.camera = enumerated(reader.int(), 9, object.camera);
    else reader.skip();
  }
  return object;
}

function readLabel(reader: ProtoReader, object: WaymoObject): void {
  while (reader.next()) {
    if (reader.field === 1) readBox(reader.message(), object.box);
    else if (reader.field === 3) object.type = enumerated(reader.int(), 4, object.type);
    else if (reader.field === 5) object.level = enumerated(reader.int(), 2, object.level);
    else if (reader.field === 7) object.points = reader.int();
    else reader.skip();
  }
}

function readBox(reader: ProtoReader, box: Float64Array): void {
  while (reader.next()) {
    const at = BOX_FIELDS[reader.field];
    if (at === undefined) reader.skip();
    else box[at] = reader.double();
  }
}

/** A value that the enum lacks leaves the field as it was, as in proto2. */
function enumerated(value: number, largest: number, before: number): number {
  return value >= 0 && value <= largest ? value : before;
}

interface Origin {
  readonly path: string;
  readonly index: number;
  readonly truth: boolean;
  readonly keys: Map<string, FrameKey>;
}

function addObject(file: ObjectFile, object: WaymoObject, { path, index, truth, keys }: Origin) {
  const { box, context, camera, time } = object;
  if (box.some((value) => !Number.isFinite(value))) {
    throw new InputError(
      `Cannot score "${path}": object ${index} has a box with ${
        box.find((v) => !Number.isFinite(v))
      }` +
        `, and finite numbers are needed`,
    );
  }
  if (truth && object.points <= 0) return;
  const key = `${context}_${camera} ${time}`;
  if (!keys.has(key)) keys.set(key, { context: `${context}_${camera}`, time });
  file.frames.push(key);
  for (const value of box) file.boxes.push(value);
  file.types.push(object.type);
  file.scores.push(object.score);
  file.unlabelled.push(object.unlabelled);
  file.levels.push(object.level !== 0 ? object.level : object.points <= LEVEL_2_POINTS ? 2 : 1);
}
