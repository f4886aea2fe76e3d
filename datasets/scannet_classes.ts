/**
 * The classes that ScanNet's instance benchmark scores, by their ids of NYU40. Source:
 * ScanNet/ScanNet, BenchmarkScripts/3d_evaluation/evaluate_semantic_instance.py.
 */
export const SCANNET_INSTANCE_CLASSES: readonly { readonly id: number; readonly name: string }[] = [
  { id: 3, name: "cabinet" },
  { id: 4, name: "bed" },
  { id: 5, name: "chair" },
  { id: 6, name: "sofa" },
  { id: 7, name: "table" },
  { id: 8, name: "door" },
  { id: 9, name: "window" },
  { id: 10, name: "bookshelf" },
  { id: 11, name: "picture" },
  { id: 12, name: "counter" },
  { id: 14, name: "desk" },
  { id: 16, name: "curtain" },
  { id: 24, name: "refrigerator" },
  { id: 28, name: "shower curtain" },
  { id: 33, name: "toilet" },
  { id: 34, name: "sink" },
  { id: 36, name: "bathtub" },
  { id: 39, name: "otherfurniture" },
];
