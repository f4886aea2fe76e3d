/**
 * A six-camera rig like nuScenes' and the frustum points that BEVFusion lifts from it: one point a
 * pixel of the feature map and depth. Angles, focal lengths and mounting are typical values.
 */

/** Feature map of a 704 x 256 image at stride 8, and the depths 1, 1.5, ... 59.5 m. */
export const FRUSTUM = { depths: 118, height: 32, width: 88 } as const;
/** Cells of 0.3 m from -54 m to 54 m, one in height from -10 m to 10 m. */
export const GRID = { cells: 360, meters: 0.3, low: -54, lowZ: -10, highZ: 10 } as const;

interface Camera {
  /** Degrees from straight ahead, to the left. */
  readonly yaw: number;
  /** Metres in the vehicle frame: x ahead, y left, z up. */
  readonly at: readonly [number, number, number];
  /** Focal length in pixels of the 1600 x 900 image. */
  readonly focal: number;
}

const CAMERAS: readonly Camera[] = [
  { yaw: 0, at: [1.7, 0, 1.5], focal: 1260 },
  { yaw: 55, at: [1.5, 0.5, 1.5], focal: 1260 },
  { yaw: -55, at: [1.5, -0.5, 1.5], focal: 1260 },
  { yaw: 110, at: [1.0, 0.5, 1.55], focal: 1260 },
  { yaw: -110, at: [1.0, -0.5, 1.55], focal: 1260 },
  { yaw: 180, at: [0, 0, 1.55], focal: 800 },
];

/** BEVFusion's preprocessing: scale by 0.48, cut 32 columns a side and 176 rows at the top. */
const SCALE = 0.48;
const CENTRE = { u: 800 * SCALE - 32, v: 450 * SCALE - 176 };

/** Points of the first `cameras` cameras. */
export function pointsOf(cameras: number): number {
  return cameras * FRUSTUM.depths * FRUSTUM.height * FRUSTUM.width;
}

/** BEV cell of each frustum point of the first `cameras` cameras, -1 outside of the grid. */
export function frustumCells(cameras: number): Int32Array<ArrayBuffer> {
  const cells = new Int32Array(pointsOf(cameras));
  visitFrustum(cameras, (i, x, y, z) => cells[i] = cellOf(x, y, z));
  return cells;
}

/** Those points, [P, 3]: metres in the vehicle frame. */
export function frustumPoints(cameras: number): Float32Array<ArrayBuffer> {
  const points = new Float32Array(3 * pointsOf(cameras));
  visitFrustum(cameras, (i, x, y, z) => points.set([x, y, z], 3 * i));
  return points;
}

function visitFrustum(
  cameras: number,
  visit: (i: number, x: number, y: number, z: number) => void,
): void {
  const { depths, height, width } = FRUSTUM;
  let i = 0;
  for (const { yaw, at, focal } of CAMERAS.slice(0, cameras)) {
    const [cos, sin] = [Math.cos(yaw * Math.PI / 180), Math.sin(yaw * Math.PI / 180)];
    for (let d = 0; d < depths; d++) {
      const depth = 1 + d / 2;
      for (let h = 0; h < height; h++) {
        // The feature map spans the image from its first to its last pixel.
        const down = (h * 255 / (height - 1) - CENTRE.v) / (focal * SCALE) * depth;
        for (let w = 0; w < width; w++, i++) {
          const right = (w * 703 / (width - 1) - CENTRE.u) / (focal * SCALE) * depth;
          const x = at[0] + depth * cos + right * sin;
          const y = at[1] + depth * sin - right * cos;
          visit(i, x, y, at[2] - down);
        }
      }
    }
  }
}

function cellOf(x: number, y: number, z: number): number {
  const column = Math.floor((x - GRID.low) / GRID.meters);
  const row = Math.floor((y - GRID.low) / GRID.meters);
  const inside = column >= 0 && column < GRID.cells && row >= 0 && row < GRID.cells &&
    z >= GRID.lowZ && z < GRID.highZ;
  return inside ? column * GRID.cells + row : -1;
}
