import { assertEquals, assertThrows } from "@std/assert";
import { ProtoError, ProtoReader } from "./proto_reader.ts";

const reader = (...bytes: number[]) => new ProtoReader(Uint8Array.from(bytes));
const refuses = (take: (reader: ProtoReader) => unknown, message: string, ...bytes: number[]) =>
  assertThrows(
    () => {
      const at = reader(...bytes);
      while (at.next()) take(at);
    },
    ProtoError,
    message,
  );

Deno.test("ProtoReader takes fields of every wire type and skips others", () => {
  const at = reader(
    ...[8, 150, 1], // 1: varint 150
    ...[16, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], // 2: -1
    ...[26, 3, 97, 98, 99], // 3: "abc"
    ...[33, 0, 0, 0, 0, 0, 0, 240, 63], // 4: double 1
    ...[45, 0, 0, 0, 63], // 5: float 0.5
    ...[130, 1, 2, 8, 7], // 16: message { 1: 7 }
  );
  const seen: unknown[] = [];
  while (at.next()) {
    if (at.field === 1) seen.push(at.int());
    else if (at.field === 2) seen.push(at.long());
    else if (at.field === 4) seen.push(at.double());
    else if (at.field === 5) seen.push(at.float());
    else if (at.field === 16) {
      const inner = at.message();
      inner.next();
      seen.push(inner.int());
    } else at.skip();
  }
  assertEquals(seen, [150, -1n, 1, 0.5, 7]);
});

Deno.test("ProtoReader refuses what reaches past the end, whatever length it declares", () => {
  refuses((at) => at.skip(), "field 3 has 100 bytes, and the message ends after 1", 26, 100, 1);
  refuses((at) => at.message(), "field 1 has", 10, 255, 255, 255, 255, 255, 255, 127, 0);
  refuses((at) => at.double(), "the message ends after 2", 9, 0, 0);
  refuses((at) => at.int(), "the message ends within a number", 8, 128);
  refuses((at) => at.int(), "more than ten bytes", 8, ...Array(11).fill(128), 1);
  refuses((at) => at.skip(), "wire type 3", 11);
  refuses((at) => at.skip(), "a field has number 0", 0, 0);
  refuses((at) => at.int(), "field 1 has wire type 2, and 0 is needed", 10, 0);
});
