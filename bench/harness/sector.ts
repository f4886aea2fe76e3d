/** A piece of a scan that keeps its rows near and far: what lies around the x axis. */

/** Degrees of a whole turn. */
export const WHOLE = 360;

/** The points [N, columns] whose azimuth is at most half of `degrees` off the x axis. */
export function pointsInSector(
  points: Float32Array,
  columns: number,
  degrees: number,
): Float32Array {
  if (degrees >= WHOLE) return points;
  const most = degrees / WHOLE * Math.PI;
  const kept = new Float32Array(points.length);
  let length = 0;
  for (let i = 0; i < points.length; i += columns) {
    if (Math.abs(Math.atan2(points[i + 1]!, points[i]!)) > most) continue;
    kept.set(points.subarray(i, i + columns), length);
    length += columns;
  }
  return kept.slice(0, length);
}
