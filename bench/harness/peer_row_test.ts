import { assert, assertEquals, assertMatch } from "@std/assert";
import { Context, unavailable } from "../../ffi/mod.ts";
import type { BenchCase } from "../../reports/schema.ts";
import type { Case } from "../case.ts";
import { convProblem, layerOf } from "../cases/sparse_conv.ts";
import { fakeWorker, hasPython } from "../peers/fake_worker.ts";
import { Peer } from "../peers/peer.ts";
import { testSetting } from "./fakes.ts";
import { runCases } from "./run.ts";

const python = await hasPython();
const why = python ? unavailable("cpu") : "no python3";
const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({
    name: why === undefined ? name : `${name} (skipped: ${why})`,
    ignore: why !== undefined,
    fn,
  });

/** A small layer that goes down; other engines can run it where `peers` says so. */
const layerCase = (peers: boolean): Case => ({
  op: "sparse_conv",
  tier: "quick",
  params: { layer: "down2-L2" },
  prepare: ({ scene }) =>
    convProblem(
      layerOf(scene.map("down2", 2), 2, 3),
      peers ? { kind: "down2", coords: scene.level(2), outCoords: scene.level(3) } : undefined,
    ),
});

/** The rows of the layer with a peer whose class was changed. */
async function rowsWith(changes: string, peers = true): Promise<BenchCase[]> {
  using cpu = new Context("cpu", { threads: 1 });
  const options = { device: "cpu", threads: 1, command: fakeWorker(changes) } as const;
  await using peer = await Peer.open("torch", options);
  const setting = { ...testSetting(cpu), peers: [peer] };
  const takes = (_: Case, variant: string) => /^(ref|gather|peer:torch)$/.test(variant);
  return (await runCases([layerCase(peers)], { ...setting, takes })).map(({ row }) => row);
}

test("a peer is checked like a variant, timed with the others, and has a row of its own", async () => {
  const rows = await rowsWith("");
  assertEquals(rows.map(({ variant }) => variant).sort(), ["gather", "peer:torch", "ref"]);
  const row = rows.find(({ variant }) => variant === "peer:torch")!;
  assertEquals([row.id, row.skipped, row.verified], [
    `sparse_conv/peer:torch/layer=down2-L2,m=${row.params["m"]},pairs=${row.params["pairs"]}`,
    null,
    true,
  ]);
  assert(row.samplesMs.length >= 2 && row.medianMs! > 0 && row.gflops! > 0);
  assertEquals((await rowsWith("", false)).length, 2);
});

test("a peer whose output differs is not timed, and the others are", async () => {
  const [first, second, peer] = await rowsWith(
    "old = Fake.Layer.run\nFake.Layer.run = lambda self, turn: [[x + 1 for x in row] for row in old(self, turn)]",
  );
  assertMatch(peer!.skipped!, /^wrong: checked rows of out\[\d+\] is /);
  assertEquals([first!.verified, second!.verified, peer!.verified], [true, true, false]);
});

test("a peer that is lost while it is timed leaves a reason, and the others are timed", async () => {
  const [first, second, peer] = await rowsWith(
    "runs = []\nold = Fake.Layer.run\ndef run(self, turn):\n    runs.append(turn)\n" +
      "    return old(self, turn) if len(runs) < 6 else sys.exit(9)\nFake.Layer.run = run",
  );
  assertMatch(peer!.skipped!, /^the worker ended with 9/);
  assertEquals([peer!.medianMs, peer!.samplesMs], [null, []]);
  assert(first!.medianMs! > 0 && second!.medianMs! > 0);
});
