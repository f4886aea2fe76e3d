import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Context, groupVoxels } from "../ffi/mod.ts";
import { InputError } from "../std/errors.ts";
import { type Dataflow, groupsOf, mappedConvs, samePlan } from "./dataflow.ts";
import { minkunet } from "./nets/minkunet.ts";
import { Scene } from "./scene.ts";
import {
  deviceName,
  groupKey,
  saveTuned,
  tunedNames,
  tunedPath,
  TunedPlans,
} from "./tuned_store.ts";

const NETWORK = minkunet({ ratio: 0.25, classes: 4 });
const CHOICE: Dataflow = { variant: "masked", settings: { splits: 2 } };

/** Runs in an empty folder: the store is kept in the current one. */
async function inEmptyFolder(run: () => Promise<void>): Promise<void> {
  const before = Deno.cwd();
  const folder = await Deno.makeTempDir();
  Deno.chdir(folder);
  try {
    await run();
  } finally {
    Deno.chdir(before);
    await Deno.remove(folder, { recursive: true });
  }
}

/** A scene of a few voxels, for as long as `run` takes. */
async function withScene(run: (ctx: Context, scene: Scene) => Promise<void>): Promise<void> {
  using ctx = new Context("cpu", { threads: 1 });
  const xyz = Int32Array.from({ length: 1200 }, (_, i) => i % 4 === 0 ? 0 : (i * 7919) % 14);
  using all = ctx.tensorFrom("i32", [300, 4], xyz);
  using voxels = groupVoxels(all);
  using scene = new Scene(ctx, { coords: voxels.coords });
  await run(ctx, scene);
}

const tuned = { forward: samePlan(NETWORK, CHOICE) };

Deno.test("what was tuned is found again, on scans of about that size", async () => {
  await withScene((ctx, scene) =>
    inEmptyFolder(async () => {
      const path = await saveTuned(ctx, tuned, { network: NETWORK, scene, dtype: "f32" });
      assertEquals(path, tunedPath(deviceName("cpu", 1)));
      assertEquals(TunedPlans.open(ctx).planFor(NETWORK, scene, "f32"), tuned.forward);
      assertEquals(TunedPlans.open(ctx).planFor(NETWORK, scene, "bf16").size, 0);
    })
  );
});

Deno.test("what was tuned on any device is found by the name of its file", async () => {
  await withScene((ctx, scene) =>
    inEmptyFolder(async () => {
      assertEquals(tunedNames(), []);
      const path = await saveTuned(ctx, tuned, { network: NETWORK, scene, dtype: "f32" });
      await Deno.copyFile(path, ".cache/tuned/another.json");
      await Deno.writeTextFile(".cache/tuned/notes.txt", "");
      assertEquals(tunedNames().length, 2);
      assertEquals(tunedNames()[0], "another");
      assertEquals(TunedPlans.named("another").planFor(NETWORK, scene, "f32"), tuned.forward);
      assertThrows(() => TunedPlans.named("none"), InputError, 'no ".cache/tuned/none.json"');
    })
  );
});

Deno.test("each direction keeps what was found for it, and a direction not tuned what it had", async () => {
  await withScene((ctx, scene) =>
    inEmptyFolder(async () => {
      const step = {
        forward: samePlan(NETWORK, CHOICE),
        dgrad: samePlan(NETWORK, { variant: "fetch" }),
        wgrad: samePlan(NETWORK, { variant: "chunks", pairs: true, settings: { chunk: 2048 } }),
      };
      const on = { network: NETWORK, scene, dtype: "f16" } as const;
      await saveTuned(ctx, step, on);
      assertEquals(TunedPlans.open(ctx).stepFor(NETWORK, scene, "f16"), step);
      assertEquals(TunedPlans.open(ctx).planFor(NETWORK, scene, "f16"), step.forward);
      const dgrad = samePlan(NETWORK, { variant: "gather" });
      await saveTuned(ctx, { dgrad }, on);
      assertEquals(TunedPlans.open(ctx).stepFor(NETWORK, scene, "f16"), { ...step, dgrad });
      const none = { forward: new Map(), dgrad: new Map(), wgrad: new Map() };
      assertEquals(TunedPlans.open(ctx).stepFor(NETWORK, scene, "f32"), none);
    })
  );
});

Deno.test("a file from before gradients were tuned is read, and written anew with them", async () => {
  await withScene((ctx, scene) =>
    inEmptyFolder(async () => {
      const path = await saveTuned(ctx, tuned, { network: NETWORK, scene, dtype: "f32" });
      const { device, forward } = JSON.parse(await Deno.readTextFile(path));
      await Deno.writeTextFile(path, JSON.stringify({ schemaVersion: 1, device, forward }));
      const old = { ...tuned, dgrad: new Map(), wgrad: new Map() };
      assertEquals(TunedPlans.open(ctx).stepFor(NETWORK, scene, "f32"), old);
      const wgrad = samePlan(NETWORK, { variant: "chunks" });
      await saveTuned(ctx, { wgrad }, { network: NETWORK, scene, dtype: "f32" });
      assertEquals(JSON.parse(await Deno.readTextFile(path)).schemaVersion, 2);
      assertEquals(TunedPlans.open(ctx).stepFor(NETWORK, scene, "f32"), { ...old, wgrad });
    })
  );
});

Deno.test("another network keeps what was there", async () => {
  await withScene((ctx, scene) =>
    inEmptyFolder(async () => {
      const other = minkunet({ ratio: 0.5, classes: 4 });
      await saveTuned(ctx, tuned, { network: NETWORK, scene, dtype: "f32" });
      const plan = samePlan(other, { variant: "fetch" });
      await saveTuned(ctx, { forward: plan }, { network: other, scene, dtype: "f32" });
      const plans = TunedPlans.open(ctx);
      assertEquals(plans.planFor(NETWORK, scene, "f32"), tuned.forward);
      assertEquals(plans.planFor(other, scene, "f32"), plan);
    })
  );
});

Deno.test("groupKey() tells layers by type, kernel, channels and rows", async () => {
  await withScene((_, scene) => {
    const [group] = groupsOf(mappedConvs(NETWORK));
    const key = groupKey(group!, scene, "f32");
    assertMatch(key, /^f32 k27 .*4-8\+8-8 2\^\d+$/);
    assertEquals(key === groupKey(group!, scene, "f16"), false);
    return Promise.resolve();
  });
});

Deno.test("nothing tuned, or a damaged file, is an error that says what to do", async () => {
  await withScene((ctx) =>
    inEmptyFolder(async () => {
      assertThrows(() => TunedPlans.open(ctx), InputError, "deno task bench tune makes it");
      const path = tunedPath(deviceName("cpu", 1));
      await Deno.mkdir(".cache/tuned", { recursive: true });
      await Deno.writeTextFile(path, `{"schemaVersion": 1, "device": "x", "forward": {"a": 1}}`);
      assertThrows(() => TunedPlans.open(ctx), InputError, path);
      const forward = { k: { variant: "implicit", settings: { tile: "mma_1x1", pieces: 2 } } };
      const store = { schemaVersion: 2, device: "x", forward: {}, dgrad: {}, wgrad: {} };
      for (const direction of ["forward", "dgrad", "wgrad"]) {
        const found = direction === "wgrad"
          ? { k: { variant: "tiles", settings: { tile: "mma_1x1" } } }
          : forward;
        await Deno.writeTextFile(path, JSON.stringify({ ...store, [direction]: found }));
        assertThrows(() => TunedPlans.open(ctx), InputError, `"mma_1x1" for ${direction}`);
      }
      await Deno.writeTextFile(path, JSON.stringify({ ...store, schemaVersion: 3 }));
      assertThrows(() => TunedPlans.open(ctx), InputError, "schemaVersion");
    })
  );
});
