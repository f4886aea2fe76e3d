/** `tracklet_labels.xml` of KITTI raw: objects with a box for each of their frames. */
import { InputError } from "../../std/errors.ts";
import { KITTI_TYPES, kittiClassId } from "../published/kitti.ts";

/** The box of an object in one frame. */
export interface FrameBox {
  readonly semantic: number;
  /** Number of the object in the file. */
  readonly object: number;
  /** Centre x, y, z, length, width, height, yaw in the Velodyne's frame. */
  readonly geometry: readonly number[];
  /** Truncation and occlusion as the file numbers them. */
  readonly features: readonly number[];
}

/** The largest file of the data set has 3 MB. */
const MAX_CHARACTERS = 1 << 26;

/** An element: its own text, or the elements in it. */
interface Element {
  readonly name: string;
  readonly children: Element[];
  text: string;
}

/**
 * The boxes of each frame.
 *
 * @throws {InputError} when the XML is damaged, or a type, size or frame is impossible.
 */
export function parseTracklets(xml: string, path: string, frames: number): FrameBox[][] {
  const found: FrameBox[][] = Array.from({ length: frames }, () => []);
  const root = child(parseXml(xml, path), "tracklets", `"${path}"`);
  items(root).forEach((tracklet, object) => {
    const place = `"${path}" tracklet ${object}`;
    const type = child(tracklet, "objectType", place).text;
    const semantic = kittiClassId(type === "Person (sitting)" ? "Person_sitting" : type);
    if (semantic === undefined) {
      throw new InputError(
        `Cannot read ${place}: its type is "${type}", and one of ${
          KITTI_TYPES.join(", ")
        } is needed`,
      );
    }
    const [h, w, l] = ["h", "w", "l"].map((name) => number(tracklet, name, place));
    if (![h, w, l].every((side) => side! > 0)) {
      throw new InputError(`Cannot read ${place}: its size is ${l} x ${w} x ${h} m`);
    }
    const first = number(tracklet, "first_frame", place);
    items(child(tracklet, "poses", place)).forEach((pose, i) => {
      const frame = found[first + i];
      if (frame === undefined) {
        throw new InputError(`Cannot read ${place}: it has frame ${first + i} of ${frames}`);
      }
      const [x, y, z, yaw] = ["tx", "ty", "tz", "rz"].map((name) => number(pose, name, place));
      frame.push({
        semantic,
        object,
        // The position is that of the box's bottom.
        geometry: [x!, y!, z! + h! / 2, l!, w!, h!, yaw!],
        features: ["truncation", "occlusion"].map((name) => number(pose, name, place)),
      });
    });
  });
  return found;
}

const items = (element: Element) => element.children.filter(({ name }) => name === "item");

function child(element: Element, name: string, place: string): Element {
  const found = element.children.find((other) => other.name === name);
  if (found === undefined) throw new InputError(`Cannot read ${place}: it has no <${name}>`);
  return found;
}

function number(element: Element, name: string, place: string): number {
  const { text } = child(element, name, place);
  const value = Number(text);
  if (text === "" || !Number.isFinite(value)) {
    throw new InputError(`Cannot read ${place}: <${name}> is "${text}", and a number is needed`);
  }
  return value;
}

/** Elements and their texts; attributes, comments and declarations are skipped. */
function parseXml(xml: string, path: string): Element {
  const fail = (found: string) => new InputError(`Cannot read "${path}": ${found}`);
  if (xml.length > MAX_CHARACTERS) throw fail(`it has ${xml.length} characters`);
  const root: Element = { name: "", children: [], text: "" };
  const open = [root];
  for (const match of xml.matchAll(/<(\/?)([A-Za-z_][\w.-]*)[^<>]*?(\/?)>|([^<]+)/g)) {
    const [, closing, name, empty, text] = match;
    const top = open.at(-1)!;
    if (name === undefined) top.text += text?.trim() ?? "";
    else if (closing === "/") {
      if (top.name !== name) throw fail(`</${name}> closes <${top.name}> at ${match.index}`);
      open.pop();
    } else {
      const element: Element = { name, children: [], text: "" };
      top.children.push(element);
      if (empty !== "/") open.push(element);
      if (open.length > 64) throw fail(`its elements are ${open.length} deep at ${match.index}`);
    }
  }
  if (open.length > 1) throw fail(`it ends inside <${open.at(-1)!.name}>: it is cut off`);
  return root.children.find(({ name }) => name === "boost_serialization") ?? root;
}
