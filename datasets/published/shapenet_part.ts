import type { Published } from "./published.ts";

/** In the order in which PointNet++ lists the categories: sums over categories are formed in it. */
// deno-fmt-ignore
const CATEGORIES = [
  { name: "Earphone", first: 16, parts: 3 },
  { name: "Motorbike", first: 30, parts: 6 },
  { name: "Rocket", first: 41, parts: 3 },
  { name: "Car", first: 8, parts: 4 },
  { name: "Laptop", first: 28, parts: 2 },
  { name: "Cap", first: 6, parts: 2 },
  { name: "Skateboard", first: 44, parts: 3 },
  { name: "Mug", first: 36, parts: 2 },
  { name: "Guitar", first: 19, parts: 3 },
  { name: "Bag", first: 4, parts: 2 },
  { name: "Lamp", first: 24, parts: 4 },
  { name: "Table", first: 47, parts: 3 },
  { name: "Airplane", first: 0, parts: 4 },
  { name: "Pistol", first: 38, parts: 3 },
  { name: "Chair", first: 12, parts: 4 },
  { name: "Knife", first: 22, parts: 2 },
] as const;

/** Parts 0 to 49, named by their category and number in it: their authors give them no names. */
export const SHAPENET_PART = {
  source: "ShapeNet-Part; parts and categories: charlesq34/pointnet2 part_seg/evaluate.py",
  parts: 50,
  categories: CATEGORIES,
  classes: Object.fromEntries(
    CATEGORIES.flatMap(({ name, first, parts }) =>
      Array.from(
        { length: parts },
        (_, part): [number, string] => [first + part, `${name} ${part}`],
      )
    ),
  ) as Readonly<Record<number, string>>,
  grids: [],
} as const satisfies Published & Readonly<Record<string, unknown>>;
