/** Raw twin of ScanNet: meshes with labels, segments and objects. */
import { plyBytes } from "./ply_writer.ts";
import { put, type RawTwin } from "./raw_twin.ts";
import { type Room, simulatedRoom } from "./room.ts";

/** Vertices of a scene, about the mean of the data set. */
const VERTICES = 150_000;
/** Vertices of a segment. */
const SEGMENT = 40;

/** NYU40 ids of the room's classes, under the names that annotators typed. */
export const ROOM_NYU40: Readonly<Record<string, number>> = {
  floor: 2,
  ceiling: 22,
  wall: 1,
  table: 7,
  chair: 5,
  sofa: 6,
  door: 8,
};

/** About z by 30 degrees, as text. */
const ALIGNMENT = "0.866025 0.5 0 -1.25 -0.5 0.866025 0 2.5 0 0 1 -0.75 0 0 0 1";

/** The twin at `vertices` a scene; every third scene has no .labels.ply. */
export const scannetTwinOf = (vertices: number): RawTwin => ({
  unit: "scenes",
  async write(out, count, seed, tick) {
    const rows = Object.entries(ROOM_NYU40).map(([name, id]) => `${id}\t${name}\t${name}\t${id}\n`);
    const table = `id\traw_category\tcategory\tnyu40id\n${rows.join("")}`;
    await put(`${out}/scannetv2-labels.combined.tsv`, table);
    for (let i = 0; i < count; i++) {
      const name = `scene${String(i).padStart(4, "0")}_00`;
      const stem = `${out}/scans/${name}/${name}`;
      await writeScene(stem, name, simulatedRoom(seed, i, vertices), i % 3 !== 2);
      tick();
    }
  },
});

export const scannetTwin = scannetTwinOf(VERTICES);

async function writeScene(
  stem: string,
  name: string,
  room: Room,
  labelled: boolean,
): Promise<void> {
  const vertices = room.thing.length;
  const columns = columnsOf(room);
  await put(`${stem}_vh_clean_2.ply`, plyBytes(columns, "binary_little_endian"));
  if (labelled) {
    const ids = Uint16Array.from(room.thing, (t) => ROOM_NYU40[room.classes[t]!]!);
    const labels = plyBytes([...columns, ["label", ids]], "binary_little_endian");
    await put(`${stem}_vh_clean_2.labels.ply`, labels);
  }
  // A segment does not reach from one thing into the next.
  const segIndices = Array.from(room.thing, (t, i) => t * vertices + Math.floor(i / SEGMENT));
  await put(`${stem}_vh_clean_2.0.010000.segs.json`, JSON.stringify({ sceneId: name, segIndices }));
  const segGroups = room.classes.map((label, t) => ({
    id: t,
    objectId: t,
    segments: [...new Set(segIndices.filter((_, i) => room.thing[i] === t))],
    label,
  }));
  await put(`${stem}.aggregation.json`, JSON.stringify({ sceneId: name, segGroups }));
  await put(`${stem}.txt`, `axisAlignment = ${ALIGNMENT} \nsceneType = Office\n`);
}

/** The columns of a room's points and colours. */
export function columnsOf({ points, colours, thing }: Room) {
  const at = <T extends Float32Array | Uint8Array>(values: T, k: number) =>
    values.filter((_, i) => i % 3 === k).subarray(0, thing.length) as T;
  return [
    ["x", at(points, 0)],
    ["y", at(points, 1)],
    ["z", at(points, 2)],
    ["red", at(colours, 0)],
    ["green", at(colours, 1)],
    ["blue", at(colours, 2)],
  ] as const;
}
