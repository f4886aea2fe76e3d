/** Networks of the model zoo on the bench's scan: the network alone, and points in to labels out. */
import { type Context, variants } from "../../ffi/mod.ts";
import { floatsOf } from "../../models/dtype.ts";
import { Model } from "../../models/model.ts";
import { zooModel } from "../../models/registry.ts";
import { Segmenter } from "../../models/segmenter.ts";
import { randomWeights } from "../../models/weights.ts";
import { type Bench, type BenchBackend, type Case, caseName, type Problem } from "../case.ts";
import { macsOf, networkProblem, networkTolerance } from "./network.ts";

/** The default, and the two dataflows that engines before this one had. */
const OTHER_ENGINES = ["fetch", "gather"];

/** Dataflows that the zoo is timed in, the default first. */
function zooEngines(backend: BenchBackend): string[] {
  const known = variants(backend, "sparse_conv");
  return known.filter((name, i) => i === 0 || OTHER_ENGINES.includes(name));
}

/** About what a copy of the widest takes on a scan of 100,000 voxels, on host and device. */
const MEMORY_BYTES = 2e9;

/** Bytes of the widest pass by case and engine: filled when a network has run. */
export const peakBytes = new Map<string, number>();

/** The network alone, its maps made in the run. */
export function zooCase(model: string): Case {
  const item: Case = {
    op: "zoo_network",
    tier: "full",
    onSector: true,
    params: { model },
    memoryBytes: MEMORY_BYTES,
    variants: zooEngines,
    prepare(bench) {
      const network = zooModel(model).build();
      return networkProblem(bench, {
        network,
        dtype: "f32",
        buildsMaps: true,
        onPeak: (engine, bytes) => peakBytes.set(`${caseName(item)}/${engine}`, bytes),
      });
    },
  };
  return item;
}

/** Points to the class of every point: voxels, maps, network, the largest logit. */
export function zooEndToEndCase(model: string): Case {
  return {
    op: "zoo_end_to_end",
    tier: "full",
    onSector: true,
    params: { model },
    memoryBytes: MEMORY_BYTES,
    variants: (backend) => zooEngines(backend).slice(0, 1),
    prepare: (bench) => endToEnd(bench, model),
  };
}

function endToEnd({ cpu, scene }: Bench, name: string): Problem {
  const zoo = zooModel(name);
  const network = zoo.build();
  const create = (ctx: Context) => {
    const own = new DisposableStack();
    let model: Model | undefined;
    return {
      bind(engine: string) {
        const bound = own.use(new Model(ctx, network, randomWeights(network, 2), { engine }));
        const segmenter = new Segmenter(bound, zoo);
        model = bound;
        return () => void segmenter.predict(scene.points, "the scan");
      },
      output: () => [{ name: "logits", values: floatsOf(model!.outputs[0]!) }],
      [Symbol.dispose]: () => own.dispose(),
    };
  };
  return {
    params: { points: scene.pointCount, voxels: scene.rows(0) },
    flops: 2 * macsOf(cpu, { network, scene }),
    bytes: scene.points.byteLength + scene.pointCount,
    tolerance: () => networkTolerance(network, "f32"),
    // Values between layers are many times what a cache holds.
    copies: 1,
    create,
    expected(on) {
      using instance = create(on);
      instance.bind("fetch")();
      return { parts: instance.output(), refMs: Infinity };
    },
  };
}
