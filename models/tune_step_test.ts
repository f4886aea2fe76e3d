import { assertEquals, assertThrows } from "@std/assert";
import {
  type Backend,
  Context,
  geometry,
  KernelError,
  unavailable,
  wgradTiles,
} from "../ffi/mod.ts";
import { type Direction, DIRECTIONS, type StepPlan } from "./dataflow.ts";
import { floatsOf } from "./dtype.ts";
import { INPUT_VOXELS, type Network, NetworkBuilder } from "./network.ts";
import { Scene } from "./scene.ts";
import { smallScene } from "./testing.ts";
import { TrainingLayers } from "./training_layers.ts";
import { ROUNDS, stepCandidates, tuneStep } from "./tune_step.ts";

/** Two layers on one map, one to voxels of twice the size, and one back. */
function smallNetwork(): Network {
  const net = new NetworkBuilder();
  const a = net.conv("a", net.input(INPUT_VOXELS, 4), 8);
  const b = net.conv("b", a, 6);
  const down = net.conv("down", b, 8, { kernel: geometry(2, 2) });
  return net.build("small", [net.transposed("up", down, 4, { kernel: geometry(2, 2) })]);
}

const BY_DEFAULT: StepPlan = { forward: new Map(), dgrad: new Map(), wgrad: new Map() };

/** Runs with a scene of a few voxels and the layers of a network. */
function withLayers(
  backend: Backend,
  run: (layers: TrainingLayers, scene: Scene) => void,
  { network = smallNetwork(), dtype = "f32" as "f32" | "f16" } = {},
): void {
  using ctx = new Context(backend, { threads: 1 });
  const { at } = smallScene(6);
  const rows = Int32Array.from(at.flatMap((cell) => [0, ...cell]));
  using coords = ctx.tensorFrom("i32", [at.length, 4], rows);
  using layers = new TrainingLayers(ctx, network, dtype);
  using scene = new Scene(ctx, { coords });
  run(layers, scene);
}

/** Registers a test for both libraries; where one is missing, it is ignored and says why. */
function testBoth(name: string, run: (backend: Backend) => void): void {
  for (const backend of ["cpu", "emulated"] as const) {
    const why = unavailable(backend);
    const fn = () => run(backend);
    Deno.test({ name: `${name} [${why ?? backend}]`, ignore: why !== undefined, fn });
  }
}

Deno.test("tuneStep() keeps what is fastest in a direction for that direction alone", () => {
  withLayers("cpu", (layers, scene) => {
    const convolutions = ["implicit", "gather", "fetch"].map((variant) => ({ variant }));
    const gradients = ["chunks", "ref"].map((variant) => ({ variant }));
    const candidates = { forward: convolutions, dgrad: convolutions, wgrad: gradients };
    const ms = { forward: [3, 1, 2], dgrad: [2, 3, 1], wgrad: [2, 1] };
    // The layer that a pass in each direction begins with tells when the next one does.
    const first = { forward: "a", dgrad: "up", wgrad: "up" };
    const passes = { forward: 0, dgrad: 0, wgrad: 0 };
    const time = (run: () => void, direction: Direction, { name }: { name: string }) => {
      run();
      if (name === first[direction]) passes[direction]++;
      return ms[direction][Math.ceil(passes[direction] / ROUNDS) - 1]!;
    };
    const { plan, groups } = tuneStep(layers, scene, candidates, { time });
    const chosen = { forward: "gather", dgrad: "fetch", wgrad: "ref" };
    for (const direction of DIRECTIONS) {
      assertEquals(passes[direction], ROUNDS * candidates[direction].length);
      assertEquals([...plan[direction].keys()].sort(), ["a", "b", "down", "up"]);
      for (const { variant } of plan[direction].values()) {
        assertEquals([direction, variant], [direction, chosen[direction]]);
      }
    }
    // Of the layers on the first map, b alone passes a gradient on.
    const sums = (direction: Direction) => groups[direction].map(({ trials }) => trials[0]!.ms);
    assertEquals(sums("forward"), [2, 1, 1]);
    assertEquals(sums("dgrad"), [1, 1, 1]);
    assertEquals(sums("wgrad"), [2, 1, 1]);
    assertEquals(groups.forward.map(({ layers }) => layers), [2, 1, 1]);
  });
});

/** A clock that counts the maps, lists of pairs and orders of rows that are made meanwhile. */
function countingClock(scene: Scene): (run: () => void) => number {
  const made = new Set<unknown>();
  const noted = <T>(value: T): T => {
    made.add(value);
    return value;
  };
  const { map, pairs, rowOrder, forget } = Scene.prototype;
  scene.map = (key) => noted(map.call(scene, key));
  scene.pairs = (of) => noted(pairs.call(scene, of));
  scene.rowOrder = (of, parts) => noted(rowOrder.call(scene, of, parts));
  scene.forget = () => {
    made.clear();
    forget.call(scene);
  };
  return (run) => {
    const before = made.size;
    run();
    return made.size - before;
  };
}

testBoth(
  "what a dataflow needs counts once for layers that share a map, by direction",
  (backend) => {
    withLayers(backend, (layers, scene) => {
      const time = countingClock(scene);
      const convolutions = ["implicit", "gather"].map((variant) => ({ variant }));
      const { wgrad } = stepCandidates(layers.ctx);
      const candidates = {
        forward: convolutions,
        dgrad: convolutions,
        wgrad: wgrad.filter(({ variant }) => !variant.endsWith("_tf32")),
      };
      const { groups } = tuneStep(layers, scene, candidates, { time });
      const made = (direction: Direction, choose: (dataflow: object) => boolean) =>
        groups[direction].map(({ trials }) => trials.find(({ dataflow }) => choose(dataflow))!.ms);
      const of = (variant: string) => (dataflow: object) =>
        "variant" in dataflow && dataflow.variant === variant;
      assertEquals(made("forward", of("implicit")), [0, 0, 0]);
      assertEquals(made("forward", of("gather")), [1, 1, 1]);
      // The maps down and up are each other's; that of a and b is transposed.
      assertEquals(made("dgrad", of("implicit")), [1, 0, 0]);
      assertEquals(made("dgrad", of("gather")), [2, 1, 1]);
      const listed = (dataflow: object) => "pairs" in dataflow;
      assertEquals(made("wgrad", (dataflow) => !listed(dataflow)), [0, 0, 0]);
      assertEquals(
        groups.wgrad[0]!.trials.some(({ dataflow }) => listed(dataflow)),
        backend !== "cpu",
      );
      if (backend !== "cpu") assertEquals(made("wgrad", listed), [1, 1, 1]);
    });
  },
);

testBoth("a direction alone writes what it writes in a step, in the plan for it", (backend) => {
  withLayers(backend, (layers, scene) => {
    const parts = new Map<string, Float32Array>();
    layers.run(scene, BY_DEFAULT, (pass, conv, run, out) => {
      run();
      parts.set(`${pass} ${conv.name}`, floatsOf(out));
    });
    const seen: string[] = [];
    for (const direction of DIRECTIONS) {
      layers.runAlone(direction, scene, BY_DEFAULT, (pass, conv, run, out) => {
        run();
        seen.push(`${pass} ${conv.name}`);
        assertEquals([pass, floatsOf(out)], [direction, parts.get(seen.at(-1)!)]);
      });
    }
    assertEquals(seen.toSorted(), [...parts.keys()].sort());
    // Nobody needs the gradient of the network's input.
    assertEquals(seen.length, 4 + 3 + 4);
    const settings = { tile: "no such tile" };
    const [conv, wgrad] = ["sparse_conv", "sparse_conv_wgrad"].map((op) => ({
      variant: op === "sparse_conv" ? "implicit" : backend === "cpu" ? "chunks" : "tiles",
      settings,
    }));
    for (const wrong of DIRECTIONS) {
      const named = new Map([["b", wrong === "wgrad" ? wgrad! : conv!]]);
      const plan = { ...BY_DEFAULT, [wrong]: named };
      for (const direction of DIRECTIONS) {
        const pass = () => layers.runAlone(direction, scene, plan, (_pass, _conv, run) => run());
        if (direction === wrong) assertThrows(pass, KernelError, "no such tile");
        else pass();
      }
    }
  });
});

Deno.test({
  name: "tuneStep() times the fastest gradients of weights with every tile where there are tiles",
  ignore: unavailable("emulated") !== undefined,
  fn: () => {
    const net = new NetworkBuilder();
    const network = net.build("one", [net.conv("only", net.input(INPUT_VOXELS, 8), 16)]);
    withLayers("emulated", (layers, scene) => {
      const wgrad = stepCandidates(layers.ctx).wgrad.filter(({ variant }) => variant === "tiles");
      const candidates = { forward: [], dgrad: [], wgrad };
      // Nothing runs: the emulator would take long.
      const { plan, groups } = tuneStep(layers, scene, candidates, { tiles: true, time: () => 1 });
      assertEquals([plan.forward.size, plan.dgrad.size, plan.wgrad.size], [0, 0, 1]);
      const tiles = wgradTiles(layers.ctx, 0, "f16");
      assertEquals(tiles.length, 2);
      const trials = groups.wgrad[0]!.trials.map(({ dataflow }) => dataflow);
      for (const tile of tiles) {
        for (const listed of [true, undefined]) {
          const chunks = trials.filter(({ settings, pairs }) =>
            settings?.tile === tile && pairs === listed
          ).map(({ settings }) => settings?.chunk ?? 0);
          assertEquals(chunks.toSorted((a, b) => a - b), [0, 512, 2048, 8192, 32_768]);
        }
      }
      // And once with pairs and once without in the tile that the library chooses.
      assertEquals(trials.length, 2 + 2 * 5 * tiles.length);
    }, { network, dtype: "f16" });
  },
});
