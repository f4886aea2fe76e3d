/** Point clouds in every format that the generic converter reads, in turn. */
import { npyBytes } from "./npy_writer.ts";
import { writeH5 } from "./h5_writer.ts";
import { LAS_SCALE, lasBytes } from "./las_writer.ts";
import { pcdBytes } from "./pcd_writer.ts";
import { plyBytes } from "./ply_writer.ts";
import { type FullScan, put, type RawTwin, simulated } from "./raw_twin.ts";
import { zipBytes } from "./zip_writer.ts";

/** Coordinates of a survey, where the LAS files lie. */
export const LAS_ORIGIN = [412_000, 5_320_000, 500] as const;

type Write = (path: string, scan: FullScan) => Promise<void>;

/** By ending, in the order in which the twin takes them. */
const WRITERS: readonly (readonly [ending: string, write: Write])[] = [
  [".bin", (path, { points }) => put(path, points)],
  [".npy", (path, scan) => put(path, npyBytes(scan.points, [scan.points.length / 4, 4]))],
  [".npz", (path, scan) => put(path, npz(scan))],
  [".ply", (path, scan) => put(path, plyBytes(columns(scan), "ascii"))],
  [".ply", (path, scan) => put(path, plyBytes(columns(scan), "binary_little_endian"))],
  [".ply", (path, scan) => put(path, plyBytes(columns(scan), "binary_big_endian"))],
  [".pcd", (path, scan) => put(path, pcdBytes(columns(scan), "ascii"))],
  [".pcd", (path, scan) => put(path, pcdBytes(columns(scan), "binary"))],
  [".pcd", (path, scan) => put(path, pcdBytes(columns(scan), "binary_compressed"))],
  [".las", (path, scan) => put(path, las(scan))],
  [".h5", (path, scan) => writeH5(path, h5(scan))],
];

export const GENERIC_FORMATS = WRITERS.map(([ending]) => ending);

export const genericTwin: RawTwin = {
  unit: "scans",
  async write(out, count, seed, tick) {
    for (let i = 0; i < count; i++) {
      const [ending, write] = WRITERS[i % WRITERS.length]!;
      await write(`${out}/${String(i).padStart(6, "0")}${ending}`, simulated(seed, i));
      tick();
    }
  },
};

function columns({ points, semantic, instance }: FullScan) {
  const column = (k: number) =>
    Float32Array.from({ length: semantic.length }, (_, i) => points[4 * i + k]!);
  return [
    ["x", column(0)],
    ["y", column(1)],
    ["z", column(2)],
    ["intensity", column(3)],
    ["label", semantic],
    ["instance", instance],
  ] as const;
}

function npz({ points, semantic, instance }: FullScan): Uint8Array {
  const vector = (values: Uint16Array) => npyBytes(Int32Array.from(values), [values.length]);
  return zipBytes(
    new Map([
      ["points.npy", npyBytes(points, [semantic.length, 4])],
      ["label.npy", vector(semantic)],
      ["instance.npy", vector(instance)],
    ]),
  );
}

const h5 = ({ points, semantic }: FullScan) => [
  { name: "data", shape: [1, semantic.length, 4], data: points },
  { name: "label", shape: [1, semantic.length], data: semantic },
];

/** Intensity in 16 bits, coordinates in steps of a millimetre about a far origin. */
function las({ points, semantic }: FullScan): Uint8Array {
  const moved = Float64Array.from(
    points,
    (value, i) => i % 4 === 3 ? Math.round(65535 * value) : value + LAS_ORIGIN[i % 4]!,
  );
  return lasBytes({ points: moved, classes: semantic }, {
    minor: 4,
    format: 6,
    origin: LAS_ORIGIN,
  });
}

/** Metres that a LAS file's rounding may move a coordinate. */
export const LAS_TOLERANCE = LAS_SCALE;
