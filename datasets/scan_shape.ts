import type { ScanMetadata } from "./metadata.ts";
import { type Boxes, type Cameras, type ImageObjects, pointCount, type Scan } from "./scan.ts";

/** The lists of names whose lengths are widths of arrays. */
type Names = Pick<ScanMetadata, "features" | "boxFeatures" | "texts">;

/** What is wrong with the lengths of a scan's arrays, one phrase each; empty when they fit. */
export function shapeProblems(scan: Scan, names: Names = {}): string[] {
  const problems: string[] = [];
  const points = pointCount(scan);
  const isOther = scan.images !== undefined || scan.texts !== undefined;
  if (points === 0 && !isOther) problems.push("it has no points, and at least one is needed");
  if (!Number.isInteger(points)) problems.push(`it has ${points} points of 4 values`);
  for (const name of ["semantic", "instance"] as const) {
    const labels = scan[name];
    if (labels !== undefined && labels.length !== points) {
      problems.push(`it has ${points} points and ${labels.length} ${name} labels`);
    }
  }
  problems.push(...widthProblem("point", points, scan.features, names.features));
  if (scan.pose !== undefined && scan.pose.length !== 12) {
    problems.push(`its pose has ${scan.pose.length} values, and 12 (a 3x4 matrix) are needed`);
  }
  if (scan.boxes !== undefined) problems.push(...boxProblems(scan.boxes, names));
  if (scan.cameras !== undefined) problems.push(...cameraProblems(scan.cameras, scan.images));
  if (scan.objects !== undefined) problems.push(...objectProblems(scan.objects));
  for (const name of ["labelImages", "instanceImages"] as const) {
    const images = scan[name];
    if (images !== undefined && images.length !== scan.images?.length) {
      problems.push(`it has ${scan.images?.length ?? 0} images and ${images.length} ${name}`);
    }
  }
  const texts = names.texts?.length ?? 0;
  if (scan.texts !== undefined && !(scan.texts.length % texts === 0)) {
    problems.push(`it has ${scan.texts.length} texts in rows of ${texts}`);
  }
  return problems;
}

function boxProblems({ geometry, semantic, instance, features, ids }: Boxes, names: Names) {
  const problems: string[] = [];
  const boxes = geometry.length / 7;
  if (semantic.length !== boxes || instance.length !== boxes) {
    problems.push(
      `it has ${boxes} boxes, ${semantic.length} box classes and ${instance.length} box instances`,
    );
  }
  if (ids !== undefined && ids.length !== boxes) {
    problems.push(`it has ${boxes} boxes and ${ids.length} box ids`);
  }
  return [...problems, ...widthProblem("box", boxes, features, names.boxFeatures)];
}

function widthProblem(
  thing: string,
  count: number,
  values: Float32Array | undefined,
  names: readonly string[] = [],
): string[] {
  if (values === undefined || values.length === count * names.length) return [];
  return [
    `it has ${values.length} features of ${count} ${thing === "box" ? "boxes" : "points"}, and ` +
    `${names.length} a ${thing} are named`,
  ];
}

function objectProblems({ boxes, semantic, area, crowd, ids, masks }: ImageObjects): string[] {
  const objects = boxes.length / 4;
  if ([semantic, area, crowd, ids, masks].every(({ length }) => length === objects)) return [];
  return [
    `it has ${objects} objects, ${semantic.length} object classes, ${area.length} areas, ` +
    `${crowd.length} crowd flags, ${ids.length} object ids and ${masks.length} masks`,
  ];
}

function cameraProblems(cameras: Cameras, images: Scan["images"]): string[] {
  const { names: { length }, intrinsic, fromSensor, size, distortion } = cameras;
  const fits = intrinsic.length === 9 * length && fromSensor.length === 12 * length &&
    size.length === 2 * length && (distortion?.length ?? 5 * length) === 5 * length;
  const problems = fits ? [] : [
    `it has ${length} cameras with ${intrinsic.length / 9} intrinsics, ` +
    `${fromSensor.length / 12} extrinsics and ${size.length / 2} sizes`,
  ];
  if (images !== undefined && images.length !== length) {
    problems.push(`it has ${length} cameras and ${images.length} images`);
  }
  return problems;
}
