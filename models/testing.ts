/** What the tests of this folder share. */
import { type Backend, Context, groupVoxels, type Tensor, unavailable } from "../ffi/mod.ts";
import { sharedPath } from "../std/testing.ts";
import { parametersOf } from "./count.ts";
import { floatsOf } from "./dtype.ts";
import { Model, type ModelOptions } from "./model.ts";
import type { Network } from "./network.ts";
import { randomFloats } from "./random.ts";
import type { Cells } from "./reference.ts";
import { Scene } from "./scene.ts";
import type { Weights } from "./weights.ts";

/** Registers a test for each library; where one cannot run, it is ignored and its name says why. */
export function testOn(
  backends: readonly Backend[],
  name: string,
  run: (backend: Backend) => void,
): void {
  for (const backend of backends) {
    const why = unavailable(backend);
    Deno.test({
      name: `${name} [${backend}${why ? `: skipped, ${why}` : ""}]`,
      ignore: why !== undefined,
      fn: () => run(backend),
    });
  }
}

/** Cells of a bumpy sheet in a cube of `side`, sorted, with seeded features. */
export function smallScene(side = 12, channels = 4): Cells {
  const heights = randomFloats(side * side, 1);
  const at = Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [Math.floor(i / side), i % side];
    const slope = (x + 2 * y) / 3 * (side / (side + 2));
    return [x, y, Math.floor(slope / 2 + (heights[i]! + 1) * 1.5)] as const;
  }).filter((_, i) => i % 7 !== 3);
  const values = randomFloats(at.length * channels, 2);
  const feats = at.map((_, i) =>
    Float64Array.from(values.subarray(i * channels, (i + 1) * channels))
  );
  return { at, feats };
}

/** What a network gives on the CPU for cells, which must be sorted, row after row. */
export function forward(
  network: Network,
  weights: Weights,
  { at, feats }: Cells,
  options: ModelOptions = {},
): Float32Array {
  using ctx = new Context("cpu", { threads: 2 });
  using stack = new DisposableStack();
  const n = at.length;
  const rows = ctx.tensorFrom("i32", [n, 4], Int32Array.from(at.flatMap((cell) => [0, ...cell])));
  const coords = stack.use(rows);
  using voxels = groupVoxels(coords);
  if (`${voxels.coords.download()}` !== `${coords.download()}`) throw new Error("not sorted");
  const width = feats[0]!.length;
  const input: Tensor<"f32"> = stack.use(
    ctx.tensorFrom("f32", [n, width], Float32Array.from(feats.flatMap((row) => [...row]))),
  );
  using model = new Model(ctx, network, weights, options);
  using scene = new Scene(ctx, { coords }, model.pool);
  return floatsOf(model.forward(scene, [input])[0]!);
}

/** Largest difference to `expected`, as a share of the largest value in it. */
export function relativeError(found: Float32Array, { feats }: Pick<Cells, "feats">): number {
  const expected = feats.flatMap((row) => [...row]);
  if (found.length !== expected.length) throw new Error(`${found.length} of ${expected.length}`);
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(found[i]! - value)), 0) /
    scale;
}

/** The authors' names and shapes, as a file of the reference lists them between two lines. */
export function listed(file: string, from: RegExp, to: RegExp | null): string[] | undefined {
  const path = sharedPath(`reference/state_dicts/${file}`);
  if (path === undefined) return undefined;
  const lines = Deno.readTextFileSync(path).split("\n");
  const start = lines.findIndex((line) => from.test(line)) + 1;
  const end = to === null ? lines.length : lines.findIndex((line, i) => i > start && to.test(line));
  return lines.slice(start, end).filter((line) => /^[\w.]+ \([\d, ]*\)$/.test(line));
}

/** The same list of a network, without running statistics, which the file leaves out. */
export function namesOf(network: Network): string[] {
  return parametersOf(network).filter(({ kind }) => kind === "weight").map(({ name, shape }) =>
    `${name} (${shape.join(", ")}${shape.length === 1 ? "," : ""})`
  );
}
