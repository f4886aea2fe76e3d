/** Boxes of a nuScenes sample: which of them are scored, and how far two of them differ. */

export const NUSCENES_CLASSES = [
  "car",
  "truck",
  "bus",
  "trailer",
  "construction_vehicle",
  "pedestrian",
  "motorcycle",
  "bicycle",
  "traffic_cone",
  "barrier",
] as const;
/** Metres from the ego vehicle within which a class is scored, by class. */
const RANGES = [50, 50, 50, 50, 50, 40, 40, 40, 30, 30] as const;
const CYCLES: readonly number[] = [
  NUSCENES_CLASSES.indexOf("motorcycle"),
  NUSCENES_CLASSES.indexOf("bicycle"),
];
const BARRIER = NUSCENES_CLASSES.indexOf("barrier");

/** A box in global coordinates: metres, metres a second. */
export interface NuscenesBox {
  /** Index into {@linkcode NUSCENES_CLASSES}. */
  readonly kind: number;
  readonly translation: readonly number[];
  /** Width, length, height. */
  readonly size: readonly number[];
  /** Quaternion w, x, y, z. */
  readonly rotation: readonly number[];
  readonly velocity: readonly number[];
  /** Its name, "" for none. */
  readonly attribute: string;
  /** LiDAR and radar points inside; -1 where they are not known, as of predictions. */
  readonly points: number;
  readonly score: number;
}

/** A box without a class: a rack that bicycles stand in. */
export type Rack = Pick<NuscenesBox, "translation" | "size" | "rotation">;

/** The boxes that are scored: in range, not without points, no cycles in racks. */
export function scoredBoxes(
  boxes: readonly NuscenesBox[],
  ego: readonly number[],
  racks: readonly Rack[],
): NuscenesBox[] {
  return boxes.filter(({ kind, translation, points }) => {
    const dx = translation[0]! - ego[0]!;
    const dy = translation[1]! - ego[1]!;
    if (!(Math.sqrt(dx * dx + dy * dy) < RANGES[kind]!) || points === 0) return false;
    return !CYCLES.includes(kind) || !racks.some((rack) => contains(rack, translation));
  });
}

/** Whether a point lies in a box, its faces among it. */
function contains({ translation, size, rotation }: Rack, point: readonly number[]): boolean {
  const r = rotationMatrix(rotation);
  const [w, l, h] = size as unknown as [number, number, number];
  const corner = (x: number, y: number, z: number) =>
    [0, 1, 2].map((i) =>
      r[3 * i]! * (l / 2 * x) + r[3 * i + 1]! * (w / 2 * y) + r[3 * i + 2]! * (h / 2 * z) +
      translation[i]!
    );
  const origin = corner(1, 1, 1);
  const v = origin.map((value, i) => point[i]! - value);
  return [corner(-1, 1, 1), corner(1, -1, 1), corner(1, 1, -1)].every((end) => {
    const edge = end.map((value, i) => value - origin[i]!);
    const along = dot(edge, v);
    return 0 <= along && along <= dot(edge, edge);
  });
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;
}

/** Rows of the rotation of a quaternion, which is normalised unless it is as good as that. */
function rotationMatrix(rotation: readonly number[]): readonly number[] {
  let [w, x, y, z] = rotation as unknown as [number, number, number, number];
  const squares = w * w + x * x + y * y + z * z;
  if (Math.abs(1 - squares) >= 1e-14 && squares > 0) {
    const norm = Math.sqrt(squares);
    [w, x, y, z] = [w / norm, x / norm, y / norm, z / norm];
  }
  return [
    x * x + w * w - z * z - y * y,
    x * y - w * z - z * w + y * x,
    x * z + w * y + z * x + y * w,
    y * x + z * w + w * z + x * y,
    y * y - z * z + w * w - x * x,
    y * z + z * y - w * x - x * w,
    z * x - y * w + x * z - w * y,
    z * y + y * z + x * w + w * x,
    z * z - y * y - x * x + w * w,
  ];
}

/** Distance of two centres on the ground. */
export function groundDistance(a: NuscenesBox, b: NuscenesBox): number {
  const dx = a.translation[0]! - b.translation[0]!;
  const dy = a.translation[1]! - b.translation[1]!;
  return Math.sqrt(dx * dx + dy * dy);
}

/** Distance of the velocities; NaN where one is not known. */
export function velocityError(truth: NuscenesBox, found: NuscenesBox): number {
  const dx = found.velocity[0]! - truth.velocity[0]!;
  const dy = found.velocity[1]! - truth.velocity[1]!;
  return Math.sqrt(dx * dx + dy * dy);
}

/** 1 less the intersection over union of the sizes, as if the boxes lay on each other. */
export function scaleError(truth: NuscenesBox, found: NuscenesBox): number {
  const volume = (size: readonly number[]) => size[0]! * size[1]! * size[2]!;
  const shared = volume(truth.size.map((side, i) => Math.min(side, found.size[i]!)));
  return 1 - shared / (volume(truth.size) + volume(found.size) - shared);
}

/** Difference of the headings in [0, pi]; barriers look the same from both sides. */
export function orientationError(truth: NuscenesBox, found: NuscenesBox): number {
  const period = truth.kind === BARRIER ? Math.PI : 2 * Math.PI;
  const turned = yaw(truth.rotation) - yaw(found.rotation) + period / 2;
  const rest = turned % period;
  const difference = (rest < 0 ? rest + period : rest) - period / 2;
  return Math.abs(difference > Math.PI ? difference - 2 * Math.PI : difference);
}

function yaw(rotation: readonly number[]): number {
  const r = rotationMatrix(rotation);
  return Math.atan2(r[3]!, r[0]!);
}

/** 1 where the attributes differ, NaN where the ground truth has none. */
export function attributeError(truth: NuscenesBox, found: NuscenesBox): number {
  if (truth.attribute === "") return NaN;
  return truth.attribute === found.attribute ? 0 : 1;
}
