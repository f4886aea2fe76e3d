import { InputError, unknownName } from "../../std/errors.ts";
import type { ConvertOptions, Dataset, Part } from "../dataset.ts";
import { exists, foldersIn } from "../frames.ts";
import { itemsPart } from "../parts.ts";
import { SCANNET, scannetSplit } from "../published/scannet.ts";
import { readLabelNames } from "./label_names.ts";
import { readScene, type SceneFiles } from "./scene.ts";

/** Scenes lie in these folders, or at the top. */
const FOLDERS = ["scans", "scans_test"];
const SCENE = /^scene(\d{4})_\d{2}$/;

/** ScanNet: the vertices of each scan's mesh, with NYU40 classes and objects where it is annotated. */
export const scannet: Dataset = {
  metadata: {
    dataset: "scannet",
    version: 1,
    source: "ScanNet v2 (http://www.scan-net.org)",
    licence: "ScanNet terms of use: not for commercial use",
    sensor: "Structure Sensor RGB-D camera, meshed by BundleFusion",
    classes: SCANNET.classes,
    features: ["red", "green", "blue"],
  },
  options: ["sequences"],
  async parts(src, options) {
    const scenes = chosen(await scenesBelow(src), options);
    const table = await labelTable(src, scenes);
    const nyu40Of = table === undefined ? undefined : await readLabelNames(table);
    const parts: Part[] = [];
    for (const [split, group] of Map.groupBy(scenes, ({ split }) => split)) {
      const files = group.flatMap(({ files }) => Object.values(files) as string[]);
      parts.push(
        await itemsPart(
          split,
          group,
          table === undefined ? files : [...files, table],
          ({ name, files }) => readScene(name, files, nyu40Of, options),
        ),
      );
    }
    return parts;
  },
};

interface Scene {
  readonly name: string;
  readonly split: string;
  readonly files: SceneFiles;
}

async function scenesBelow(src: string): Promise<Scene[]> {
  const scenes: Scene[] = [];
  for (const root of [src, ...FOLDERS.map((folder) => `${src}/${folder}`)]) {
    for (const name of await foldersIn(root) ?? []) {
      const number = SCENE.exec(name)?.[1];
      if (number === undefined) continue;
      const files = await sceneFiles(`${root}/${name}`, name);
      scenes.push({ name, split: scannetSplit(Number(number)), files });
    }
  }
  if (scenes.length > 0) return scenes.sort((a, b) => a.name < b.name ? -1 : 1);
  throw new InputError(
    `Cannot convert "${src}": it holds no folder scene0000_00 or scans/scene0000_00, and one is needed`,
  );
}

async function sceneFiles(folder: string, name: string): Promise<SceneFiles> {
  const file = async (ending: string) => {
    const path = `${folder}/${name}${ending}`;
    return await exists(path) ? path : undefined;
  };
  const mesh = await file("_vh_clean_2.ply");
  if (mesh === undefined) {
    throw new InputError(`Cannot convert "${folder}": "${name}_vh_clean_2.ply" is missing`);
  }
  const found = {
    labels: await file("_vh_clean_2.labels.ply"),
    aggregation: await file("_vh_clean.aggregation.json") ?? await file(".aggregation.json"),
    segments: await file("_vh_clean_2.0.010000.segs.json"),
    info: await file(".txt"),
  };
  if ((found.aggregation === undefined) !== (found.segments === undefined)) {
    throw new InputError(
      `Cannot convert "${folder}": it has one of the .aggregation.json and .segs.json files, and ` +
        `both or none are needed`,
    );
  }
  const there = Object.entries(found).filter(([, path]) => path !== undefined);
  return { mesh, ...Object.fromEntries(there) };
}

/** The table of label names, which scenes with objects and no labels of vertices need. */
async function labelTable(src: string, scenes: readonly Scene[]): Promise<string | undefined> {
  const path = `${src}/scannetv2-labels.combined.tsv`;
  if (await exists(path)) return path;
  const bare = scenes.find(({ files }) => files.aggregation && !files.labels);
  if (bare === undefined) return undefined;
  throw new InputError(
    `Cannot convert "${src}": "${path}" is missing, and the objects of ${bare.name}, which has no ` +
      `.labels.ply, need it`,
  );
}

function chosen(scenes: readonly Scene[], { sequences }: ConvertOptions): readonly Scene[] {
  if (sequences === undefined) return scenes;
  const known = new Set(scenes.flatMap(({ name, split }) => [name, split]));
  const unknown = sequences.find((name) => !known.has(name));
  if (unknown !== undefined) throw unknownName("scene or split", unknown, [...known]);
  return scenes.filter(({ name, split }) => sequences.includes(name) || sequences.includes(split));
}
