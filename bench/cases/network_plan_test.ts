import { assertEquals } from "@std/assert";
import { assignBuffers, channelsOf, minkunet, type Plan, spvcnn } from "./network_plan.ts";

const PLANS: Readonly<Record<string, Plan>> = {
  minkunet: minkunet(1, true),
  "minkunet 0.5": minkunet(0.5, true),
  spvcnn: spvcnn(1, true),
  "minkunet without dense steps": minkunet(1, false),
  "spvcnn without dense steps": spvcnn(1, false),
};

/** Weights of all convolutions and batch norms, as papers count parameters. */
function parameters({ steps }: Plan): number {
  return steps.reduce((sum, step) => {
    if (step.op !== "conv") return sum;
    const volume = { subm3: 27, down2: 8, up2: 8, own: 1 }[step.map.kind];
    const norm = step.shift ? 2 * step.to.channels : 0;
    return sum + volume * step.from.channels * step.to.channels + norm;
  }, 0);
}

Deno.test("channelsOf() gives SPVNAS' widths", () => {
  assertEquals(channelsOf(0.5), [16, 16, 32, 64, 128, 128, 64, 48, 48]);
  assertEquals(channelsOf(0.64), [20, 20, 40, 81, 163, 163, 81, 61, 61]);
});

Deno.test("minkunet() and spvcnn() have as many parameters as SPVNAS' models", () => {
  // A classifier has one bias a class and no batch norm, of which this counts 2 a class.
  const biases = 19;
  assertEquals(parameters(minkunet(1, true)) - biases, 21_723_315);
  assertEquals(parameters(minkunet(0.5, true)) - biases, 5_435_235);
  // The three linear layers have a bias beside their batch norm: 256 + 128 + 96.
  assertEquals(parameters(spvcnn(1, true)) - biases + 480, 21_778_003);
});

Deno.test("minkunet() uses nine maps and the row itself, and spvcnn() three levels of points", () => {
  const { minkunet: net, spvcnn: points } = PLANS;
  const maps = (plan: Plan) => {
    const keys = plan.steps.flatMap((step) => step.op === "conv" ? [step.map] : []);
    return [...new Set(keys.map(({ kind, level }) => `${kind}-${level}`))].sort();
  };
  assertEquals(maps(net!).filter((name) => !name.startsWith("own")), [
    ...["down2-0", "down2-1", "down2-2", "down2-3"],
    ...["subm3-0", "subm3-1", "subm3-2", "subm3-3", "subm3-4"],
    ...["up2-1", "up2-2", "up2-3", "up2-4"],
  ]);
  const levels = points!.steps.flatMap((step) => "level" in step ? [step.level] : []);
  assertEquals(levels, [0, 0, 0, 4, 4, 2, 2, 0]);
});

Deno.test("a plan reads only what was written, with the shape it was written with", () => {
  for (const [name, { input, output, steps }] of Object.entries(PLANS)) {
    const written = new Set([input]);
    for (const step of steps) {
      if ("other" in step) assertEquals([name, written.has(step.other)], [name, true]);
      const residual = step.op === "conv" ? step.residual : null;
      assertEquals([name, written.has(step.from)], [name, true]);
      if (residual !== null) {
        assertEquals([name, written.has(residual)], [name, true]);
        assertEquals([residual.level, residual.channels], [step.to.level, step.to.channels]);
      }
      written.add(step.to);
    }
    assertEquals([name, written.has(output)], [name, true]);
  }
});

Deno.test("assignBuffers() never lets a step overwrite what a later one reads", () => {
  for (const [name, plan] of Object.entries(PLANS)) {
    const { of, shapes } = assignBuffers(plan);
    const holds = new Map<number, number>();
    const check = (id: number) => {
      if (id !== plan.input.id) assertEquals([name, holds.get(of.get(id)!)], [name, id]);
    };
    for (const step of plan.steps) {
      const reads = step.op === "conv" && step.residual !== null ? [step.residual] : [];
      if ("other" in step) reads.push(step.other);
      for (const { id } of [step.from, ...reads]) {
        check(id);
        assertEquals([name, of.get(id) === of.get(step.to.id)], [name, false]);
      }
      holds.set(of.get(step.to.id)!, step.to.id);
    }
    check(plan.output.id);
    assertEquals([name, shapes.length < plan.steps.length], [name, true]);
  }
});
