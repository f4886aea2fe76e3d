/** A scan with what was predicted for it, as the arrays that a page shows. */
import { classColour } from "../../datasets/published/registry.ts";
import type { Scan } from "../../datasets/scan.ts";
import type { ScanMetadata } from "../../datasets/metadata.ts";
import { SEMANTIC_KITTI } from "../../datasets/published/semantic_kitti.ts";
import { type SceneInput, VERDICT } from "../../reports/html/scene_document.ts";

/** The data sets whose raw ids are SemanticKITTI's. */
const KITTI_IDS = ["semantickitti", "synth"];

/** What the page of a scan shows; `predictions` are raw class ids, one a point. */
export function sceneOf(scan: Scan, metadata: ScanMetadata, predictions?: Uint16Array): SceneInput {
  const { points, semantic, boxes } = scan;
  const known = Object.keys(metadata.classes).length > 0;
  const seen = new Set([...semantic ?? [], ...predictions ?? [], ...boxes?.semantic ?? []]);
  return {
    title: `${metadata.dataset}: ${scan.id}`,
    notes: [`${metadata.source}; licence: ${metadata.licence}`],
    points,
    ...(semantic && { labels: semantic }),
    ...(predictions && { predictions }),
    ...(semantic && predictions && { verdicts: verdicts(semantic, predictions, metadata.dataset) }),
    ...(boxes && { boxes: { geometry: boxes.geometry, classes: boxes.semantic } }),
    classes: [...seen].sort((a, b) => a - b).map((id) => ({
      id,
      name: (known && metadata.classes[id]) || `class ${id}`,
      colour: [...classColour(metadata.dataset, id)],
    })),
  };
}

/**
 * Right, wrong or not scored, a point each: SemanticKITTI's ids by the classes that its devkit
 * scores (a moving car is a car), others as they are; class 0 of the truth is not scored.
 */
function verdicts(truth: Uint16Array, predicted: Uint16Array, dataset: string): Uint8Array {
  const { learningMap } = SEMANTIC_KITTI;
  const classOf = KITTI_IDS.includes(dataset)
    ? Uint16Array.from({ length: 0x10000 }, (_, id) => learningMap[id] ?? 0)
    : Uint16Array.from({ length: 0x10000 }, (_, id) => id);
  return Uint8Array.from(truth, (id, i) => {
    const wanted = classOf[id]!;
    if (wanted === 0) return VERDICT.unscored;
    return classOf[predicted[i]!] === wanted ? VERDICT.right : VERDICT.wrong;
  });
}
