/** Forward passes of the authors' PyTorch code, with their checkpoints. */
import { depthOf } from "./count.ts";
import { assertLess } from "@std/assert";
import { Context, groupVoxels, voxelReduce } from "../ffi/mod.ts";
import { type NpyArray, parseNpz } from "../std/npz.ts";
import { sharedPath } from "../std/testing.ts";
import { readCheckpoint } from "./checkpoint/checkpoint.ts";
import { featureTensor, floatsOf } from "./dtype.ts";
import { Model, type ModelOptions } from "./model.ts";
import type { Network } from "./network.ts";
import { minkunet } from "./nets/minkunet.ts";
import { pointPositions, spvcnn } from "./nets/spvcnn.ts";
import { Scene } from "./scene.ts";
import { weightsFrom } from "./weights.ts";

interface Golden {
  readonly arrays: ReadonlyMap<string, NpyArray>;
  readonly checkpoint: string;
}

function golden(name: string): Golden | undefined {
  const folder = sharedPath(`golden_models/${name}`);
  if (folder === undefined) return undefined;
  const arrays = parseNpz(Deno.readFileSync(`${folder}/forward.npz`), name);
  return { arrays, checkpoint: `${folder}/checkpoint.pt` };
}

/** Largest difference to the stored logits, as a share of the largest of them. */
async function relativeError(network: Network, { arrays, checkpoint }: Golden, how: ModelOptions) {
  using ctx = new Context("cpu", { threads: 2 });
  using stack = new DisposableStack();
  const xyz = arrays.get("coords")!.data as Int32Array;
  const n = xyz.length / 3;
  const coords = stack.use(
    ctx.tensorFrom(
      "i32",
      [n, 4],
      Int32Array.from(
        { length: 4 * n },
        (_, i) => i % 4 === 0 ? 0 : xyz[(i >> 2) * 3 + i % 4 - 1]!,
      ),
    ),
  );
  const given = stack.use(
    ctx.tensorFrom("f32", [n, 4], arrays.get("feats")!.data as Float32Array),
  );
  const voxels = stack.use(groupVoxels(coords));
  const feats = stack.use(ctx.tensor("f32", [n, 4]));
  voxelReduce(given, voxels.order, voxels.starts, feats, "first");
  const positions = stack.use(
    ctx.tensorFrom("f32", [n, 4], pointPositions(voxels.coords.download())),
  );
  const weights = weightsFrom(network, await readCheckpoint(checkpoint), checkpoint);
  using model = new Model(ctx, network, weights, how);
  using scene = new Scene(ctx, { coords: voxels.coords, positions }, model.pool);
  const input = stack.use(featureTensor(ctx, model.dtype, [n, 4], feats.download()));
  const [logits] = model.forward(scene, [input]);
  return compare(floatsOf(logits!), voxels.inverse.download(), arrays);
}

function compare(logits: Float32Array, inverse: Int32Array, arrays: Golden["arrays"]): number {
  const rows = arrays.get("rows")!.data;
  const expected = arrays.get("logits")!.data as Float32Array;
  const classes = expected.length / rows.length;
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let worst = 0;
  expected.forEach((value, i) => {
    const row = inverse[Number(rows[Math.floor(i / classes)])]!;
    worst = Math.max(worst, Math.abs(logits[row * classes + i % classes]! - value));
  });
  return worst / scale;
}

const NETWORKS = { minkunet, spvcnn };

for (const [name, build] of Object.entries(NETWORKS)) {
  Deno.test(`${name}() gives the logits of its authors' code`, async () => {
    const found = golden(`${name}_cr0p25`);
    if (found === undefined) return;
    const network = build({ ratio: 0.25, classes: 19 });
    assertLess(await relativeError(network, found, {}), 1e-4);
    assertLess(await relativeError(network, found, { engine: "fetch" }), 1e-4);
  });
}

for (const [name, build] of Object.entries(NETWORKS)) {
  Deno.test(`${name}() gives about the same in 16 bits`, async () => {
    const found = golden(`${name}_cr0p25`);
    if (found === undefined) return;
    const network = build({ ratio: 0.25, classes: 19 });
    // Each layer is rounded to 8 or 11 bits: errors add up like the root of their number.
    const bound = 2 * Math.sqrt(depthOf(network));
    assertLess(await relativeError(network, found, { dtype: "bf16" }), bound * 2 ** -8);
    assertLess(await relativeError(network, found, { dtype: "f16" }), bound * 2 ** -11);
  });
}
