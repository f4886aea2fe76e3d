/** A workload for tests: a narrow MinkUNet on the patch of ground that tests share. */
import { minkunet } from "../../models/nets/minkunet.ts";
import type { Workload } from "./workload.ts";

const NETWORK = minkunet({ ratio: 0.25, classes: 5 });

export const GROUND: Workload = {
  id: "ground",
  title: "ground",
  set: "semantickitti",
  frames: 1,
  network: () => NETWORK,
  scan(ctx, scene) {
    using stack = new DisposableStack();
    const coords = stack.use(ctx.tensorFrom("i32", [scene.rows(0), 4], scene.level(0)));
    const feats = stack.use(
      ctx.tensorFrom("f32", [scene.rows(0), 4], new Float32Array(4 * scene.rows(0))),
    );
    const owned = stack.move();
    return { coords, feats, [Symbol.dispose]: () => owned.dispose() };
  },
};
