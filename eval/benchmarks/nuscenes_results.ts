/** A nuScenes submission, streamed sample by sample. */
import type { InputError } from "../../std/errors.ts";
import { JsonReader } from "../json_stream.ts";
import { NUSCENES_CLASSES, type NuscenesBox } from "../metrics/nuscenes_sample.ts";

const MOST_BOXES = 500;
const ATTRIBUTES: readonly string[] = [
  "",
  "pedestrian.moving",
  "pedestrian.sitting_lying_down",
  "pedestrian.standing",
  "cycle.with_rider",
  "cycle.without_rider",
  "vehicle.moving",
  "vehicle.parked",
  "vehicle.stopped",
];
const REQUIRED = [
  "sample_token",
  "translation",
  "size",
  "rotation",
  "velocity",
  "detection_name",
  "attribute_name",
] as const;

/** Told of each sample, in the order of the file. `fail` makes an error that names the place. */
export type SampleVisitor = (
  token: string,
  boxes: readonly NuscenesBox[],
  fail: (what: string) => InputError,
) => void;

/**
 * Calls `visit` with the boxes of each sample.
 *
 * @param wanted Samples whose boxes are read; the boxes of others are skipped.
 * @throws {InputError} The file breaks a rule of submissions; the text says where.
 */
export function readResults(
  path: string,
  wanted: (token: string) => boolean,
  visit: SampleVisitor,
): void {
  using json = JsonReader.open(path);
  let [hasResults, hasMeta] = [false, false];
  json.enterObject();
  for (let key = json.key(); key !== undefined; key = json.key()) {
    if (key === "results") {
      if (hasResults) throw json.fail('"results" is there twice');
      hasResults = true;
      readSamples(json, wanted, visit);
    } else {
      hasMeta ||= key === "meta";
      json.skip();
    }
  }
  json.end();
  if (!hasResults) throw json.fail('there is no "results" before, and it is needed');
  if (!hasMeta) throw json.fail('there is no "meta" before, and it is needed');
}

function readSamples(
  json: JsonReader,
  wanted: (token: string) => boolean,
  visit: SampleVisitor,
): void {
  const seen = new Set<string>();
  json.enterObject();
  for (let token = json.key(); token !== undefined; token = json.key()) {
    if (seen.has(token)) throw json.fail(`sample "${token}" is there twice`);
    seen.add(token);
    if (!wanted(token)) {
      json.skip();
      continue;
    }
    const boxes: NuscenesBox[] = [];
    json.enterArray();
    while (json.element()) {
      if (boxes.length === MOST_BOXES) {
        throw json.fail(`sample "${token}" has more than ${MOST_BOXES} boxes`);
      }
      boxes.push(readBox(json, token));
    }
    visit(token, boxes, (what) => json.fail(what));
  }
}

function readBox(json: JsonReader, token: string): NuscenesBox {
  let translation: number[] = [];
  let size: number[] = [];
  let rotation: number[] = [];
  let velocity: number[] = [];
  let [kind, attribute, points, score] = [-1, "", -1, -1];
  let found = 0;
  json.enterObject();
  for (let key = json.key(); key !== undefined; key = json.key()) {
    switch (key) {
      case "sample_token":
        if (json.string() !== token) throw json.needs(`"${token}", the sample that it lies under,`);
        break;
      case "translation":
        translation = readNumbers(json, 3);
        break;
      case "size":
        size = readNumbers(json, 3);
        break;
      case "rotation":
        rotation = readNumbers(json, 4);
        break;
      case "velocity":
        velocity = json.numbers(2);
        break;
      case "detection_name":
        kind = (NUSCENES_CLASSES as readonly string[]).indexOf(json.string());
        if (kind < 0) throw json.needs(`one of ${NUSCENES_CLASSES.join(", ")}`);
        break;
      case "detection_score":
        score = json.number();
        if (Number.isNaN(score)) throw json.needs("a score that is a number");
        continue;
      case "attribute_name":
        attribute = json.string();
        if (!ATTRIBUTES.includes(attribute)) {
          throw json.needs(`"" or one of ${ATTRIBUTES.slice(1).join(", ")}`);
        }
        break;
      case "num_pts":
        points = Math.trunc(json.number());
        continue;
      default:
        json.skip();
        continue;
    }
    found |= 1 << (REQUIRED as readonly string[]).indexOf(key);
  }
  const lacking = REQUIRED.find((_, i) => (found >> i & 1) === 0);
  if (lacking !== undefined) throw json.fail(`the box that ends here has no "${lacking}"`);
  return { kind, translation, size, rotation, velocity, attribute, points, score };
}

function readNumbers(json: JsonReader, count: number): number[] {
  const values = json.numbers(count);
  for (const value of values) if (Number.isNaN(value)) throw json.fail("NaN is no such number");
  return values;
}
