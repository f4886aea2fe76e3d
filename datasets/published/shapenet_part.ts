import { SHAPENET_PART } from "../shapenet_part.ts";
import type { Published } from "./published.ts";

/** Parts 0 to 49, named by their category and number in it: their authors give them no names. */
export const SHAPENET_PART_PUBLISHED = {
  source: "ShapeNet-Part; part numbers: charlesq34/pointnet2 part_seg",
  classes: Object.fromEntries(
    SHAPENET_PART.categories.flatMap(({ name, first, parts }) =>
      Array.from(
        { length: parts },
        (_, part): [number, string] => [first + part, `${name} ${part}`],
      )
    ),
  ) as Readonly<Record<number, string>>,
  grids: [],
} as const satisfies Published;
