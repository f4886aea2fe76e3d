/**
 * Constants of ShapeNet-Part: 50 part ids over 16 categories, in the order in which PointNet++
 * (part_seg/evaluate.py) lists the categories. Sums over categories are formed in this order.
 */
export const SHAPENET_PART = {
  parts: 50,
  // deno-fmt-ignore
  categories: [
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
  ],
} as const;
