import { InputError } from "../../std/errors.ts";
import { type Cloud, type CloudColumn } from "../clouds/cloud.ts";
import { openClouds } from "../clouds/open.ts";
import { CLOUD_FEATURES, scanOfCloud } from "../clouds/to_scan.ts";
import type { ConvertOptions, Dataset } from "../dataset.ts";
import { filesBelow } from "../folder.ts";
import { itemsPart } from "../parts.ts";
import type { Scan } from "../scan.ts";

/** Labels: tens are the object (0 = the table), ones its part. */
const CLASSES: Readonly<Record<number, string>> = Object.fromEntries(
  Array.from({ length: 256 }, (_, label): [number, string] => [
    label,
    label === 0
      ? "unlabelled"
      : label < 20
      ? `table, part ${label}`
      : `object ${Math.floor(label / 10) - 1}, part ${label % 10}`,
  ]),
);

/**
 * The Object Segmentation Database as PCL has it (mOSD): Kinect frames of objects on a table, one
 * scan a .pcd file (or .npz). Pixels without depth are left out, and points are turned from the
 * camera's axes to x forward, y left, z up.
 */
export const mosd: Dataset = {
  metadata: {
    dataset: "mosd",
    version: 1,
    source: "PointCloudLibrary/data segmentation/mOSD, of OSD (TU Wien)",
    licence: "BSD-3-Clause",
    sensor: "Kinect",
    classes: CLASSES,
    features: CLOUD_FEATURES,
  },
  options: ["sequences"],
  async parts(src, options) {
    const { sequences } = options;
    const all = await filesBelow(src, (name) => /\.(pcd|npz)$/.test(name));
    const groups = Map.groupBy(all, (file) => file.includes("/") ? file.split("/")[0]! : "frames");
    const chosen = [...groups].filter(([name]) => sequences?.includes(name) ?? true);
    if (chosen.length === 0) {
      const where = sequences === undefined ? "" : ` in ${sequences.join(", ")}`;
      throw new InputError(`Cannot convert "${src}": it holds no .pcd or .npz file${where}`);
    }
    return await Promise.all(chosen.map(([name, files]) =>
      itemsPart(
        name.replace(/[^A-Za-z0-9._-]/g, "_"),
        files,
        files.map((file) => `${src}/${file}`),
        (file) => readFrame(src, file, options),
      )
    ));
  },
};

async function readFrame(src: string, file: string, { warn }: ConvertOptions): Promise<Scan> {
  const path = `${src}/${file}`;
  using open = await openClouds(path);
  const cloud = await open.read(0);
  let pixels = 0;
  const scan = scanOfCloud(turned(cloud, path), {
    id: file.replace(/\.[^.]*$/, ""),
    place: `"${path}"`,
    classes: CLASSES,
    dropInvalid: true,
    dropped: (points) => pixels += points,
  });
  if (scan.semantic === undefined) warn(`"${path}": it has no labels`);
  const instance = scan.semantic?.map((label) => Math.max(0, Math.floor(label / 10) - 1));
  return { ...scan, ...(instance && { instance }) };
}

/** A camera looks along z, with x right and y down. */
function turned({ points, columns }: Cloud, path: string): Cloud {
  const [right, down, ahead] = ["x", "y", "z"].map((name) => columns.get(name));
  if (right === undefined || down === undefined || ahead === undefined) {
    throw new InputError(`Cannot convert "${path}": it has no x, y, z`);
  }
  const negative = (column: CloudColumn) => Float32Array.from(column, (value) => -value);
  return {
    points,
    columns: new Map(columns).set("x", ahead).set("y", negative(right)).set("z", negative(down)),
  };
}
