/** Metres that a point may lie outside a face: rounding of float32 coordinates 100 m away. */
const SLACK = 1e-3;

/**
 * How many of the points [N, 4] each of the boxes [B, 7] holds, faces included. Points are sorted
 * along x once, so that a box looks at the points beside it alone: O((N + found) log N).
 */
export function boxPointCounts(points: Float32Array, boxes: Float32Array): Uint32Array {
  const n = points.length / 4;
  const order = Uint32Array.from({ length: n }, (_, i) => i)
    .sort((a, b) => points[4 * a]! - points[4 * b]!);
  const firstFrom = (x: number): number => {
    let [low, high] = [0, n];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (points[4 * order[middle]!]! < x) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return Uint32Array.from({ length: boxes.length / 7 }, (_, b) => {
    const [x = 0, y = 0, z = 0, length = 0, width = 0, height = 0, yaw = 0] = boxes.subarray(7 * b);
    const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
    const reach = (Math.abs(c) * length + Math.abs(s) * width) / 2 + SLACK;
    let count = 0;
    for (let k = firstFrom(x - reach); k < n; k++) {
      const i = 4 * order[k]!;
      const dx = points[i]! - x;
      if (dx > reach) break;
      const dy = points[i + 1]! - y;
      if (Math.abs(dx * c + dy * s) > length / 2 + SLACK) continue;
      if (Math.abs(dy * c - dx * s) > width / 2 + SLACK) continue;
      if (Math.abs(points[i + 2]! - z) <= height / 2 + SLACK) count++;
    }
    return count;
  });
}
