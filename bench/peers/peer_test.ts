import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { geometry } from "../../ffi/mod.ts";
import { InputError } from "../../std/errors.ts";
import { fakeWorker, hasPython } from "./fake_worker.ts";
import type { PeerLayer } from "./layer_files.ts";
import { Peer, peerNames, PEERS } from "./peer.ts";
import { PeerError } from "./process.ts";

const python = await hasPython();
const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name: python ? name : `${name} (skipped: no python3)`, ignore: !python, fn });

/** Three voxels in a row along x: each sees itself, and its neighbours one offset away. */
const LAYER: PeerLayer = {
  kind: "subm3",
  shape: { ...geometry(1), kernel: [3, 1, 1] },
  cin: 2,
  cout: 1,
  coords: Int32Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0),
  outCoords: Int32Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0),
  feats: Float32Array.of(1, 2, 3, 4, 5, 6),
  weight: Float32Array.of(1, 10, 100, 1000, 0.5, 0.25),
  map: Int32Array.of(-1, 0, 1, 0, 1, 2, 1, 2, -1),
};
const OUTPUT = Float32Array.of(
  ...[100 + 2000 + 1.5 + 1, 1 + 20 + 300 + 4000 + 2.5 + 1.5, 3 + 40 + 500 + 6000],
);

const open = (command: [string, ...string[]], limits = {}) =>
  Peer.open("torch", { device: "cpu", threads: 1, command, ...limits });

test("a worker computes a layer, in our order of rows, and times it", async () => {
  await using peer = await open(fakeWorker());
  assertEquals([peer.state, peer.variant], ["0.1 on cpu", "peer:torch"]);
  assertEquals(await peer.load(LAYER, 1), OUTPUT);
  assert(await peer.time(3) > 0);
  assertEquals(await peer.load(LAYER, 2), OUTPUT);
});

test("our own worker says why an engine is absent, or which version is there", async () => {
  for (const name of Object.keys(PEERS) as (keyof typeof PEERS)[]) {
    await using peer = await Peer.open(name, { device: "cpu", threads: 1 });
    assertMatch(peer.state, /^(absent: \w*Error: |absent: the worker |.+ on cpu$)/);
    if (!peer.state.startsWith("absent")) continue;
    const error = await assertRejects(() => peer.load(LAYER, 1), PeerError);
    assertEquals(error.message, peer.state);
  }
});

test("a program that is not there is an absent peer", async () => {
  await using peer = await open(["/nonexistent/python3"]);
  assertMatch(peer.state, /^absent: Cannot start \/nonexistent\/python3: /);
});

test("what a worker does wrong is a reason, and a lost one is started once more", async () => {
  const run = (body: string) => `def run(self, turn):\n    ${body}\nFake.Layer.run = run`;
  const cases: [changes: string, reason: RegExp][] = [
    [run("raise ValueError('no\\n such layer')"), /^ValueError: no such layer$/],
    [run("import os; os._exit(3)"), /^the worker ended with 3/],
    [run("sys.exit('tired')"), /^the worker ended with 1: tired$/],
    [
      run("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"),
      /^the worker was ended by SIGSEGV/,
    ],
    [run("import time; time.sleep(60)"), /^the worker was stopped: no answer within 2.5 s$/],
    [
      "Fake.Layer.write = lambda self, out, folder: None",
      /^it wrote no out.npy$/,
    ],
    [
      "Fake.Layer.write = lambda self, out, folder: save(folder + '/out.npy', '<f4', (1, 1), [0])",
      /^out.npy is <f4 \[1,1\], and <f4 \[3,1\] is needed$/,
    ],
    [
      "Fake.Layer.write = lambda self, out, folder: open(folder + '/out.npy', 'w').write('nothing')",
      /^Cannot read out.npy as .npy: /,
    ],
    [
      "Fake.Layer.write = lambda self, out, folder: open(folder + '/out.npy', 'wb').truncate(1 << 40)",
      /^out.npy is 1099511627776 bytes$/,
    ],
    [
      "old = Fake.Layer.write\ndef write(self, out, folder):\n    self.coords = (7,) * 12\n" +
      "    old(self, out, folder)\nFake.Layer.write = write",
      /^its output has no row for voxel \(0,0,0,0\)$/,
    ],
  ];
  for (const [changes, reason] of cases) {
    await using peer = await open(fakeWorker(changes), { openMs: 2500 });
    for (const _ of [1, 2]) {
      const error = await assertRejects(() => peer.load(LAYER, 1), PeerError);
      assertMatch(error.message, reason);
    }
    const third = await assertRejects(() => peer.load(LAYER, 1), PeerError);
    const lost = reason.source.startsWith("^the worker ");
    assertMatch(third.message, lost ? /^lost twice, not started again$/ : reason);
  }
});

test("a worker that does not speak the protocol is absent, and says how", async () => {
  const cases: [script: string, reason: RegExp][] = [
    ["print('hello')", /^absent: the worker was stopped: it answered "hello", which is not JSON$/],
    ["print('[1]')", /^absent: the worker was stopped: it answered \[1\], which is not an object$/],
    ["print('{}')", /^absent: it answered without a version and a device$/],
    [
      "import sys; sys.stdout.write('x' * (1 << 20)); sys.stdout.flush(); input(); input()",
      /not JSON$/,
    ],
    ["import os, time; os.close(1); time.sleep(60)", /^absent: the worker was ended by SIGKILL$/],
    ["raise SystemExit(0)", /^absent: the worker ended with 0$/],
  ];
  for (const [script, reason] of cases) {
    await using peer = await open(fakeWorker(script, false), { openMs: 5000 });
    assertMatch(peer.state, reason);
  }
});

test("a time that is none is refused", async () => {
  const changes = "worker.Worker.timed = lambda self, times: float('nan')";
  await using peer = await open(fakeWorker(changes));
  await peer.load(LAYER, 1);
  // Python writes NaN, which is no JSON.
  await assertRejects(() => peer.time(1), PeerError, "which is not JSON");
  await using zero = await open(fakeWorker("worker.Worker.timed = lambda self, times: 0"));
  await zero.load(LAYER, 1);
  await assertRejects(() => zero.time(1), PeerError, "it answered 0 for a time");
});

Deno.test("peerNames() takes known names, each once, and suggests for others", () => {
  assertEquals(peerNames("torch, spconv,torch"), ["spconv", "torch"]);
  const error = assertThrows(() => peerNames("spconf"), InputError);
  assertMatch(error.message, /did you mean "spconv"\?/);
});
