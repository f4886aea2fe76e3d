import { assertEquals } from "@std/assert";
import { Context } from "../../ffi/mod.ts";
import { Heartbeat, judgeNoise } from "./noise.ts";

const row = (p10Ms: number | null, p90Ms: number | null) => ({ p10Ms, p90Ms });

Deno.test("judgeNoise() is content, when samples and heartbeats are steady", () => {
  const rows = [row(1, 1.2), row(2, 2.1), row(null, null)];
  const expected = { noisy: false, wideRows: 0, widestSpread: 1.2, heartbeatDrift: 1.1 };
  assertEquals(judgeNoise(rows, [1, 1.1, 1.05]), expected);
});

Deno.test("judgeNoise() calls a run noisy, when more than a tenth of the rows is wide", () => {
  const steady = Array.from({ length: 9 }, () => row(1, 1));
  assertEquals(judgeNoise([...steady, row(1, 2)], []).noisy, false);
  assertEquals(judgeNoise([...steady.slice(1), row(1, 2)], []).noisy, true);
});

Deno.test("judgeNoise() calls a run noisy, when the heartbeat drifted", () => {
  assertEquals(judgeNoise([], [1, 1.5]).noisy, true);
});

Deno.test("judgeNoise() makes nothing of a clock that did not move", () => {
  assertEquals(judgeNoise([row(0, 1)], []).widestSpread, 1);
});

Deno.test("Heartbeat adds a time a beat and leaves no tensor behind", () => {
  using ctx = new Context("cpu", { threads: 1 });
  {
    using heartbeat = new Heartbeat(ctx);
    heartbeat.beat();
    heartbeat.beat();
    assertEquals(heartbeat.medians.length, 2);
  }
  assertEquals(ctx.liveTensors, 0);
});
