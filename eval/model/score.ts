/** The official score of predictions as they are made. */
import { SEMANTIC_KITTI } from "../../datasets/published/semantic_kitti.ts";
import type { EvalResult } from "../../reports/schema.ts";
import { countedPoints, type LabelCounts, labelMap } from "../metrics/label_counts.ts";
import { semanticKittiMiou } from "../metrics/semantic_kitti_miou.ts";

const { learningMap, trainNames } = SEMANTIC_KITTI;
/** As in the benchmark: the devkit's lookup table. */
const ID_LIMIT = Math.max(...Object.keys(learningMap).map(Number)) + 100;

/** Counts predictions against the labels of scans, and scores them as the devkit does. */
export class RunningScore {
  readonly #map = labelMap(learningMap, { classes: trainNames.length, limit: ID_LIMIT });
  readonly #state: LabelCounts = semanticKittiMiou.create(this.#map);
  #scans = 0;

  /** Both are raw class ids, one a point. */
  add(truth: Uint16Array, predicted: Uint32Array): void {
    const wide = Uint32Array.from(truth);
    semanticKittiMiou.update(this.#state, { truth: wide, predicted, map: this.#map });
    this.#scans++;
  }

  /** Scans that had labels. */
  get scans(): number {
    return this.#scans;
  }

  result(inputs: EvalResult["inputs"], warnings: readonly string[]): EvalResult {
    const { iou, iouMean, accuracy, truthPoints, predictedPoints } = semanticKittiMiou.compute(
      this.#state,
    );
    const scored = trainNames.map((name, k) => ({ name, k })).slice(1);
    return {
      schemaVersion: 1,
      benchmark: "semantickitti",
      reference: semanticKittiMiou.reference,
      inputs: {
        ...inputs,
        scans: this.#scans,
        points: countedPoints(this.#state),
        metricVersion: semanticKittiMiou.version,
      },
      metrics: {
        "iou_mean": iouMean,
        ...(accuracy !== undefined && { "accuracy_mean": accuracy }),
        ...Object.fromEntries(scored.map(({ name, k }) => [`iou_${name}`, iou[k]!])),
      },
      perClass: Object.fromEntries(scored.map(({ name, k }) => [name, {
        iou: iou[k]!,
        "gt_points": truthPoints[k]!,
        "pred_points": predictedPoints[k]!,
      }])),
      warnings: [...warnings],
    };
  }
}
