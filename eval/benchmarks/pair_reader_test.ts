import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../std/errors.ts";
import { TestRoot } from "../test_labels.ts";
import { PairReader } from "./pair_reader.ts";

Deno.test("PairReader gives every point of both files once, in step, over several chunks", () => {
  using root = new TestRoot();
  const truth = Array.from({ length: 150_001 }, (_, i) => i);
  const predicted = truth.map((i) => 3 * i);
  const pair = { gt: root.write("a.label", truth), pred: root.write("b.label", predicted) };
  const seen = { truth: [] as number[], predicted: [] as number[] };
  new PairReader().read(pair, (t, p, first) => {
    assertEquals(first, seen.truth.length);
    seen.truth.push(...t);
    seen.predicted.push(...p);
  });
  assertEquals(seen, { truth, predicted });
});

Deno.test("PairReader reads the next pair afresh, and nothing of a pair without points", () => {
  using root = new TestRoot();
  const one = root.write("a.label", [1, 2, 3]);
  const none = root.write("b.label", []);
  const reader = new PairReader();
  const lengths: number[] = [];
  for (const path of [one, none, one]) {
    reader.read({ gt: path, pred: path }, (t) => lengths.push(t.length));
  }
  assertEquals(lengths, [3, 3]);
});

Deno.test("PairReader names the file that cannot be read", () => {
  using root = new TestRoot();
  const good = root.write("a.label", [1]);
  const read = (gt: string, pred: string) => new PairReader().read({ gt, pred }, () => {});
  assertThrows(() => read(good, `${root.path}/no.label`), InputError, "no.label");
  const odd = root.write("odd.label", Uint8Array.of(1, 2, 3, 4, 5));
  assertThrows(() => read(odd, good), InputError, "it has 5 bytes, and 4 bytes a point are needed");
});
