/** Images made smaller as PIL does: the pixels that BEVFusion was trained on. */

/** Pixels of an image. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3]: red, green, blue. */
  readonly samples: Uint8Array;
}

/** Bits behind the point of PIL's weights of 8-bit samples (PRECISION_BITS in its Resample.c). */
const PRECISION = 22;
/** Half the width of the filter. */
const SUPPORT = 2;

/** What an output sample is the weighted sum of: samples from `first` on. */
interface Taps {
  readonly first: number;
  readonly weights: Int32Array;
}

/**
 * `Image.resize((width, height))` of Pillow 7 and later, bit for bit: bicubic, widened where the
 * image gets smaller, in whole numbers, columns first.
 */
export function resizeBicubic(image: RgbImage, width: number, height: number): RgbImage {
  const narrow = new Uint8Array(3 * width * image.height);
  const across = tapsOf(image.width, width);
  for (let y = 0; y < image.height; y++) {
    const row = image.samples.subarray(3 * y * image.width, 3 * (y + 1) * image.width);
    sumRow(row, 3, across, narrow.subarray(3 * y * width, 3 * (y + 1) * width), 3);
  }
  const out = new Uint8Array(3 * width * height);
  const down = tapsOf(image.height, height);
  const stride = 3 * width;
  for (let x = 0; x < width; x++) {
    sumRow(narrow.subarray(3 * x), stride, down, out.subarray(3 * x), stride);
  }
  return { width, height, samples: out };
}

/** Sums `taps` over three colours of samples that lie `step` apart. */
function sumRow(from: Uint8Array, step: number, taps: Taps[], to: Uint8Array, stride: number) {
  for (let i = 0; i < taps.length; i++) {
    const { first, weights } = taps[i]!;
    for (let c = 0; c < 3; c++) {
      let sum = 1 << (PRECISION - 1);
      for (let k = 0; k < weights.length; k++) sum += from[(first + k) * step + c]! * weights[k]!;
      to[i * stride + c] = Math.min(255, Math.max(0, sum >> PRECISION));
    }
  }
}

function tapsOf(from: number, to: number): Taps[] {
  const scale = from / to;
  const wide = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - SUPPORT * wide + 0.5));
    const end = Math.min(from, Math.trunc(centre + SUPPORT * wide + 0.5));
    const weights = Array.from(
      { length: end - first },
      (_, k) => cubic((k + first - centre + 0.5) / wide),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const whole = (weight: number) => {
      const scaled = weight / total * 2 ** PRECISION;
      return Math.trunc(scaled + (scaled < 0 ? -0.5 : 0.5));
    };
    return { first, weights: Int32Array.from(weights, whole) };
  });
}

/** Keys' cubic with a = -0.5. */
function cubic(at: number): number {
  const x = Math.abs(at);
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}
