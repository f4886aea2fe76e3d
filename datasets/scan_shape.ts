import { pointCount, type Scan } from "./scan.ts";

/** What is wrong with the lengths of a scan's arrays, one phrase each; empty when they fit. */
export function shapeProblems(scan: Scan): string[] {
  const problems: string[] = [];
  const points = pointCount(scan);
  if (points === 0) problems.push("it has no points, and at least one is needed");
  if (!Number.isInteger(points)) problems.push(`it has ${points} points of 4 values`);
  for (const name of ["semantic", "instance"] as const) {
    const labels = scan[name];
    if (labels !== undefined && labels.length !== points) {
      problems.push(`it has ${points} points and ${labels.length} ${name} labels`);
    }
  }
  if (scan.pose !== undefined && scan.pose.length !== 12) {
    problems.push(`its pose has ${scan.pose.length} values, and 12 (a 3x4 matrix) are needed`);
  }
  if (scan.boxes !== undefined) {
    const { geometry, semantic, instance } = scan.boxes;
    const boxes = geometry.length / 7;
    if (semantic.length !== boxes || instance.length !== boxes) {
      problems.push(
        `it has ${boxes} boxes, ${semantic.length} box classes and ${instance.length} box instances`,
      );
    }
  }
  return problems;
}
