import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Context } from "../../ffi/mod.ts";
import { InputError } from "../../std/errors.ts";
import { Model } from "../model.ts";
import { NetworkBuilder } from "../network.ts";
import { rangeVoxels } from "../nets/detection_range.ts";
import { Detector } from "./detector.ts";
import type { DetectorModel } from "./registry.ts";

const RANGE = {
  low: [-2, -2, -2],
  high: [2, 2, 2],
  voxel: [1, 1, 1],
  maxPoints: 5,
  maxVoxels: 100,
} as const;

/** A network that gives what it is given, and boxes at the mean of each voxel. */
const ECHO: DetectorModel = {
  about: "",
  dataset: "nuscenes",
  labels: ["thing"],
  range: RANGE,
  features: ["seconds_old"],
  turned: true,
  squashed: true,
  build() {
    const net = new NetworkBuilder();
    const input = net.input(rangeVoxels(RANGE), 5);
    return net.build("echo", [net.sum(input, input)]);
  },
  boxes: ([rows]) =>
    Array.from({ length: rows!.length / 5 }, (_, i) => {
      const [x, y, z, intensity, age] = rows!.subarray(5 * i, 5 * i + 5).map((v) => v / 2);
      return {
        centre: [x!, y!, z!],
        size: [1, 1, 1],
        yaw: 1,
        score: intensity!,
        label: 0,
        velocity: [age!, 0],
      };
    }),
};

function detect(points: readonly number[], names = ["ring", "seconds_old"]) {
  using ctx = new Context("cpu", { threads: 1 });
  const network = ECHO.build();
  using model = new Model(ctx, network, { get: () => new Float32Array() });
  const features = Float32Array.from({ length: points.length / 4 * names.length }, (_, i) => i);
  return new Detector(model, ECHO).predict({
    what: "the scan",
    points: Float32Array.from(points),
    features,
    names,
  });
}

Deno.test("Detector gives networks their own axes and features, and boxes back in the scan's", () => {
  const [box, rest] = detect([1.25, 0.5, -1, 0.75]);
  assertEquals(rest, undefined);
  [1.25, 0.5, -1].forEach((v, i) => assertAlmostEquals(box!.centre[i]!, v, 1e-6));
  assertAlmostEquals(box!.score, Math.tanh(0.75), 1e-6);
  assertAlmostEquals(box!.yaw, 1 - Math.PI / 2, 1e-12);
  // Seconds old is 1; along the network's x, which is the scan's -y.
  assertEquals(box!.velocity!.map((v) => v + 0), [0, -1]);
});

Deno.test("Detector finds nothing in scans without points in the range", () => {
  assertEquals(detect([]), []);
  assertEquals(detect([99, 0, 0, 0]), []);
});

Deno.test("Detector refuses points whose values are not finite", () => {
  const refused = (points: number[], text: string) => {
    const error = assertThrows(() => detect(points), InputError);
    assertEquals(error.message, `Cannot run a network on the scan: ${text}`);
  };
  refused([0, 0, 0, 1, NaN, 0, 0, 1], "point 1 has the coordinate NaN");
  refused(
    [0, 0, 0, 1, 0, 0, 0, NaN],
    "point 1 has the feature NaN behind its coordinates, and finite values are needed",
  );
});

Deno.test("Detector says which value points lack", () => {
  const error = assertThrows(() => detect([0, 0, 0, 0], ["ring"]), InputError);
  assertEquals(
    error.message,
    'Cannot run a network on the scan: its points have ring, and "seconds_old" is needed',
  );
});
