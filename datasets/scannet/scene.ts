import { InputError } from "../../std/errors.ts";
import type { Cloud } from "../clouds/cloud.ts";
import { openClouds } from "../clouds/open.ts";
import { scanOfCloud } from "../clouds/to_scan.ts";
import type { ConvertOptions } from "../dataset.ts";
import { parseNumbers } from "../matrix34.ts";
import { SCANNET } from "../published/scannet.ts";
import { readJson } from "../record_fields.ts";
import type { Scan } from "../scan.ts";

/** Paths of a scene's files. */
export interface SceneFiles {
  readonly mesh: string;
  readonly labels?: string;
  readonly aggregation?: string;
  readonly segments?: string;
  /** The text file with the alignment to the axes. */
  readonly info?: string;
}

/**
 * Reads a scene: classes are those of its .labels.ply, else of its objects by `nyu40Of`; instances
 * are the numbers of its objects from 1 on; the pose turns it so that walls lie along the axes.
 *
 * @throws {InputError} when a file is malformed, or their numbers of vertices differ.
 */
export async function readScene(
  name: string,
  files: SceneFiles,
  nyu40Of: ReadonlyMap<string, number> | undefined,
  options: ConvertOptions,
): Promise<Scan> {
  const mesh = await readMesh(files.mesh);
  const objects = await readObjects(files, mesh.points, nyu40Of);
  const columns = new Map(mesh.columns);
  if (objects !== undefined) columns.set("instance", objects.instance);
  if (files.labels !== undefined) {
    columns.set("label", await readLabels(files.labels, mesh.points, options));
  } else if (objects !== undefined) columns.set("label", objects.semantic);
  const { dropInvalid, dropped } = options;
  const place = `"${files.mesh}"`;
  const scan = scanOfCloud({ points: mesh.points, columns }, {
    ...{ id: name, place, dropInvalid, dropped },
    classes: SCANNET.classes,
  });
  const pose = files.info && await readAlignment(files.info);
  return { ...scan, ...(pose && { pose }) };
}

async function readMesh(path: string): Promise<Cloud> {
  using file = await openClouds(path);
  return await file.read(0);
}

/** Ids that the published labels have by mistake (three scenes): of no class. */
async function readLabels(
  path: string,
  vertices: number,
  { warn }: ConvertOptions,
): Promise<Uint16Array> {
  const { points, columns } = await readMesh(path);
  const labels = columns.get("label");
  if (labels === undefined || points !== vertices) {
    throw new InputError(
      `Cannot convert "${path}": it has ${points} vertices with the properties ${
        [...columns.keys()].join(", ")
      }, and a label for each of ${vertices} is needed`,
    );
  }
  const stray = labels.filter((id) => id < 0 || id > 40).length;
  if (stray > 0) warn(`"${path}": ${stray} vertices have an id above 40, taken as unannotated`);
  return Uint16Array.from(labels, (id) => id < 0 || id > 40 ? 0 : id);
}

/** Object and class of each vertex. */
async function readObjects(
  { aggregation, segments }: SceneFiles,
  vertices: number,
  nyu40Of: ReadonlyMap<string, number> | undefined,
): Promise<{ instance: Uint16Array; semantic: Uint16Array } | undefined> {
  if (aggregation === undefined || segments === undefined) return undefined;
  const segmentOf = (await readJson(segments)).counts("segIndices", 0, 2 ** 32);
  if (segmentOf.length !== vertices) {
    throw new InputError(
      `Cannot convert "${segments}": it has ${segmentOf.length} segIndices, and the mesh has ` +
        `${vertices} vertices`,
    );
  }
  const objects = new Map<number, { instance: number; nyu40: number }>();
  for (const [g, group] of (await readJson(aggregation)).list("segGroups").entries()) {
    const label = group.text("label");
    const nyu40 = nyu40Of === undefined ? 0 : nyu40Of.get(label);
    if (nyu40 === undefined) {
      throw new InputError(
        `Cannot convert "${aggregation}": object ${g} has the label ${
          JSON.stringify(label).slice(0, 80)
        }, which the table of labels lacks`,
      );
    }
    const instance = 1 + group.count("objectId", 0, 65534);
    for (const segment of group.counts("segments", 0, 2 ** 32)) {
      objects.set(segment, { instance, nyu40 });
    }
  }
  return {
    instance: Uint16Array.from(segmentOf, (segment) => objects.get(segment)?.instance ?? 0),
    semantic: Uint16Array.from(segmentOf, (segment) => objects.get(segment)?.nyu40 ?? 0),
  };
}

/** The 3x4 part of "axisAlignment = 16 numbers"; undefined where the file has none. */
async function readAlignment(path: string): Promise<Float64Array | undefined> {
  const text = await Deno.readTextFile(path);
  const line = /^\s*axisAlignment\s*=(.*)$/m.exec(text)?.[1];
  return line === undefined
    ? undefined
    : parseNumbers(line.trim(), 16, `"${path}" axisAlignment`).subarray(0, 12);
}
