import { InputError, unknownName } from "../../std/errors.ts";
import type { ConvertOptions, Dataset, Part } from "../dataset.ts";
import { exists, foldersIn } from "../frames.ts";
import { filesBelow } from "../folder.ts";
import { itemsPart } from "../parts.ts";
import { S3DIS } from "../published/s3dis.ts";
import type { Scan } from "../scan.ts";
import { blocksPart } from "./blocks.ts";
import { readAnnotations, readPointnetRoom, readPvcnnRoom } from "./room.ts";

/**
 * S3DIS: one scan a room, with colours, classes and objects. Of the official annotations
 * (Area_1/ROOM/Annotations), PVCNN's rooms (Area_1/ROOM/xyzrgb.npy) or blocks
 * (Area_1/ROOM/zero_0.h5), PointNet's rooms (Area_1_ROOM.npy) or blocks (ply_data_all_0.h5).
 */
export const s3dis: Dataset = {
  metadata: {
    dataset: "s3dis",
    version: 1,
    source: "Stanford Large-Scale 3D Indoor Spaces (http://buildingparser.stanford.edu)",
    licence: "S3DIS terms: not for commercial use",
    sensor: "Matterport",
    classes: S3DIS.classes,
    features: ["red", "green", "blue"],
  },
  options: ["sequences"],
  async parts(src, options) {
    const rooms = [...await roomFolders(src), ...await roomFiles(src)];
    const files = await filesBelow(src, (name) => name.endsWith(".h5"));
    const blocks = rooms.length === 0 ? files : [];
    const areas = new Set([
      ...rooms.map(({ area }) => area),
      ...blocks.length > 0 ? ["blocks"] : [],
    ]);
    if (areas.size === 0) {
      throw new InputError(
        `Cannot convert "${src}": it holds neither Area_1/ROOM/Annotations, Area_1/ROOM/xyzrgb.npy, ` +
          `Area_1_ROOM.npy nor an .h5 file of blocks`,
      );
    }
    const { sequences } = options;
    const unknown = sequences?.find((area) => !areas.has(area));
    if (unknown !== undefined) throw unknownName("area", unknown, [...areas]);
    const parts: Part[] = [];
    for (const area of [...areas].filter((area) => sequences?.includes(area) ?? true).sort()) {
      parts.push(
        area === "blocks"
          ? await blocksPart(src, blocks, options)
          : await roomsPart(area, rooms.filter((room) => room.area === area), options),
      );
    }
    return parts;
  },
};

interface Room {
  readonly area: string;
  readonly id: string;
  readonly files: readonly string[];
  readonly read: (options: ConvertOptions) => Promise<Scan>;
}

function roomsPart(
  area: string,
  rooms: readonly Room[],
  options: ConvertOptions,
): Promise<Part> {
  return itemsPart(area, rooms, rooms.flatMap(({ files }) => files), ({ read }) => read(options));
}

async function roomFolders(src: string): Promise<Room[]> {
  const rooms: Room[] = [];
  for (const area of await foldersIn(src) ?? []) {
    if (!/^Area_\d+$/.test(area)) continue;
    for (const name of await foldersIn(`${src}/${area}`) ?? []) {
      const room = await roomIn(`${src}/${area}/${name}`, area, `${area}/${name}`);
      if (room !== undefined) rooms.push(room);
    }
  }
  return rooms;
}

async function roomIn(folder: string, area: string, id: string): Promise<Room | undefined> {
  if (await exists(`${folder}/Annotations`)) {
    const names = await filesBelow(`${folder}/Annotations`, (name) => name.endsWith(".txt"));
    const files = names.map((name) => `${folder}/Annotations/${name}`);
    if (files.length > 0) {
      return { area, id, files, read: (options) => readAnnotations(id, files, options) };
    }
    throw new InputError(`Cannot convert "${folder}": its Annotations hold no .txt file`);
  }
  const files = [`${folder}/xyzrgb.npy`, `${folder}/label.npy`] as const;
  if (!(await exists(files[0]))) return undefined;
  return { area, id, files, read: (options) => readPvcnnRoom(id, ...files, options) };
}

async function roomFiles(src: string): Promise<Room[]> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(src)) if (isFile) names.push(name);
  return names.sort().flatMap((name) => {
    const [, area, room] = /^(Area_\d+)_(.+)\.npy$/.exec(name) ?? [];
    const path = `${src}/${name}`;
    if (area === undefined) return [];
    const id = `${area}/${room}`;
    return [{
      area,
      id,
      files: [path],
      read: (o: ConvertOptions) => readPointnetRoom(id, path, o),
    }];
  });
}
