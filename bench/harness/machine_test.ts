import { assertEquals, assertMatch } from "@std/assert";
import { describeMachine, gitState, memoryBytes } from "./machine.ts";

const RUN = {
  threads: 1,
  command: "deno task bench",
  data: { name: "tiny", source: "by hand", scenes: 1, points: 1, voxels: 1 },
};

Deno.test("describeMachine() names the CPU and the compiler, when there is no GPU in play", async () => {
  const context = await describeMachine("cpu", RUN);
  assertMatch(context.machine, /^\d+-core .+/);
  assertEquals([context.gpu, context.driver, context.threads], [null, null, 1]);
  assertEquals(context.cpu.isa.length > 0, true);
  assertEquals(context.memoryBytes, memoryBytes("cpu"));
});

Deno.test("describeMachine() tells no host, no user and no path", async () => {
  const text = JSON.stringify(await describeMachine("cpu", RUN));
  assertEquals(
    text.includes(decodeURIComponent(new URL("../../", import.meta.url).pathname)),
    false,
  );
  assertEquals(/"(hostname|user|home|cwd)"/i.test(text), false);
});

Deno.test("gitState() gives a commit and whether files differ, or two nulls outside a checkout", async () => {
  const { commit, dirty } = await gitState();
  if (commit === null) return assertEquals(dirty, null);
  assertMatch(commit, /^[0-9a-f]{40}/);
  assertEquals(typeof dirty, "boolean");
});
