/** Raw twin of S3DIS: rooms of Area_1 to Area_6 in turn, an annotation file an object. */
import { put, type RawTwin, shortest } from "./raw_twin.ts";
import { simulatedRoom } from "./room.ts";

/** Points of a room, about the mean of the data set. */
const POINTS = 1_000_000;
const AREAS = 6;

/** The twin at `points` a room. */
export const s3disTwinOf = (points: number): RawTwin => ({
  unit: "rooms",
  async write(out, count, seed, tick) {
    for (let i = 0; i < count; i++) {
      const room = simulatedRoom(seed, i, points);
      const folder = `${out}/Area_${1 + i % AREAS}/office_${1 + Math.floor(i / AREAS)}/Annotations`;
      const texts = room.classes.map(() => [] as string[]);
      room.thing.forEach((t, p) => {
        const [xyz, rgb] = [room.points, room.colours].map((v) => v.subarray(3 * p, 3 * p + 3));
        texts[t]!.push(`${Array.from(xyz!, shortest).join(" ")} ${rgb!.join(" ")}\n`);
      });
      for (const [t, lines] of texts.entries()) {
        await put(`${folder}/${room.classes[t]}_${1 + t}.txt`, lines.join(""));
      }
      tick();
    }
  },
});

export const s3disTwin = s3disTwinOf(POINTS);
