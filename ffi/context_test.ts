import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../std/errors.ts";
import { parseDeviceInfo } from "./library.ts";
import { Context, deviceInfo, KernelError, unavailable, variants } from "./mod.ts";
import { testEach } from "./testing.ts";

Deno.test("a disposed context or tensor says so instead of crashing", () => {
  const ctx = new Context("cpu");
  const tensor = ctx.tensor("f32", [2]);
  tensor[Symbol.dispose]();
  tensor[Symbol.dispose]();
  assertThrows(() => tensor.download(), TypeError, "disposed Tensor");
  ctx[Symbol.dispose]();
  ctx[Symbol.dispose]();
  assertThrows(() => ctx.tensor("f32", [1]), TypeError, "disposed Context");
});

Deno.test("a context freed before its tensors leaves them safe to free", () => {
  const ctx = new Context("cpu");
  const tensor = ctx.tensor("f32", [1000]);
  ctx[Symbol.dispose]();
  tensor[Symbol.dispose]();
});

Deno.test("tensors of every dtype and of no element come back as they went in", () => {
  using ctx = new Context("cpu");
  using a = ctx.tensorFrom("i64", [2, 1], BigInt64Array.of(-1n, 2n ** 62n));
  assertEquals(a.download(), BigInt64Array.of(-1n, 2n ** 62n));
  using b = ctx.tensorFrom("u8", [3], Uint8Array.of(1, 2, 255));
  assertEquals(b.download(), Uint8Array.of(1, 2, 255));
  using none = ctx.tensorFrom("f32", [0, 5], new Float32Array(0));
  assertEquals(none.download().length, 0);
});

Deno.test("tensorFrom() leaves no handle behind when the copy fails", () => {
  using ctx = new Context("cpu");
  assertThrows(
    () => ctx.tensorFrom("f32", [4], new Float32Array(3)),
    KernelError,
    "the array holds 12 bytes, the tensor 16",
  );
  assertEquals(ctx.liveTensors, 0);
});

Deno.test("tensors that no machine can hold are refused, not attempted", () => {
  using ctx = new Context("cpu");
  assertThrows(() => ctx.tensor("f32", [2 ** 40, 8]), KernelError, "out of memory");
  assertThrows(() => ctx.tensor("f32", [2 ** 40, 2 ** 40]), KernelError, "passes 2^63 bytes");
  assertThrows(() => ctx.tensor("f32", [-1]), KernelError, "dimension 0 is -1");
  using fine = ctx.tensor("f32", [2 ** 40, 0]);
  assertEquals(fine.length, 0);
});

Deno.test("setRows() shrinks and grows back to what was made, not further", () => {
  using ctx = new Context("cpu");
  using tensor = ctx.tensorFrom("i32", [3, 2], Int32Array.of(1, 2, 3, 4, 5, 6));
  assertEquals(tensor.setRows(1).download(), Int32Array.of(1, 2));
  assertEquals(tensor.setRows(3).download(), Int32Array.of(1, 2, 3, 4, 5, 6));
  assertThrows(() => tensor.setRows(4), KernelError, "the tensor was made with 3");
});

Deno.test("tensors of one context are refused by another", () => {
  using one = new Context("cpu");
  using other = new Context("cpu");
  using tensor = one.tensor("i32", [1, 4]);
  using starts = other.tensor("i64", [2]);
  assertThrows(
    () => other.check(other.lib.vmk_kernel_map_count(other.ptr, 0, tensor.ptr, starts.ptr), "x"),
    KernelError,
    "map: it belongs to another context",
  );
});

Deno.test("timers, threads, probes and device texts answer", async () => {
  using ctx = new Context("cpu", { threads: 2 });
  assertEquals(ctx.threads, 2);
  assert(ctx.time(() => {}) >= 0);
  await ctx.sync();
  assert(ctx.probe("fma") > 0);
  assert(ctx.probe("triad", 1 << 20) > 0);
  assert(ctx.probe("gather", 1 << 20) > 0);
  assert(Number(deviceInfo("cpu").cores) >= 1);
  assertEquals(deviceInfo("cpu", 5).error, "no CPU device 5: the CPU library has device 0 only");
  assertThrows(() => new Context("cpu", { device: 5 }), InputError, "has device 0 only");
});

Deno.test("variants() lists names, and an unknown name lists the known ones", () => {
  using ctx = new Context("cpu");
  assertEquals(variants("cpu", "no such op"), []);
  assertThrows(
    () => ctx.variant("sparse_conv", "magic"),
    RangeError,
    "Known: implicit, ",
  );
});

Deno.test("parseDeviceInfo() takes a line alone for the reason why a device cannot be used", () => {
  assertEquals(parseDeviceInfo("name: GPU\nmemory bytes: 5\n")["memory bytes"], "5");
  // The machine has the device: its number alone does not say that it can be opened.
  const other = "CUDA device 0 is an sm_75, this library was built for sm_90";
  assertEquals(parseDeviceInfo(other), { error: other });
});

testEach("a tensor larger than the device names what was asked for and what is free", (ctx) => {
  if (ctx.backend === "cpu") return;
  const before = ctx.tensor("u8", [1]);
  assertThrows(
    () => ctx.tensor("u8", [2 ** 45]),
    KernelError,
    "Cannot allocate 35184372088832 bytes: the device has ",
  );
  before[Symbol.dispose]();
});

Deno.test("without a CUDA device the CUDA backend says so in one line", () => {
  const reason = unavailable("cuda");
  if (reason === undefined) return;
  assert(!reason.includes("\n"), reason);
  assertThrows(() => new Context("cuda"), InputError);
});
