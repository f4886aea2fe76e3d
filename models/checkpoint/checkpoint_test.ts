import { assertEquals, assertLess, assertMatch, assertThrows } from "@std/assert";
import { toBf16, toF16 } from "../../ffi/mod.ts";
import { InputError } from "../../std/errors.ts";
import { sharedPath } from "../../std/testing.ts";
import { parseCheckpoint, readCheckpoint } from "./checkpoint.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import {
  type Fixture,
  floats,
  joined,
  torchLegacy,
  torchPickle,
  torchZip,
  u64,
  zip,
} from "./test_files.ts";

const VALUES = Float32Array.of(1, -2, 0.5, 4, 8, -0.25);
const bytes = (array: Uint16Array | BigInt64Array) => new Uint8Array(array.slice().buffer);

/** One tensor of each kind that checkpoints hold. */
const FIXTURES: readonly Fixture[] = [
  floats("a.kernel", [3, 2], VALUES),
  { ...floats("a.half", [6], VALUES), storage: "HalfStorage", data: bytes(toF16(VALUES)) },
  { ...floats("a.bf16", [6], VALUES), storage: "BFloat16Storage", data: bytes(toBf16(VALUES)) },
  // A transposed view that begins at the second number.
  { ...floats("a.turned", [2, 2], VALUES), strides: [1, 2], offset: 1 },
  {
    ...floats("a.num_batches_tracked", [], Float32Array.of(0)),
    storage: "LongStorage",
    data: bytes(BigInt64Array.of(7n)),
  },
];

Deno.test("parseCheckpoint() reads PyTorch's zip and legacy files to the same tensors", () => {
  for (const file of [torchZip(FIXTURES), torchLegacy(FIXTURES)]) {
    const state = parseCheckpoint(file, "test");
    assertEquals([...state.keys()], FIXTURES.map(({ name }) => name));
    for (const name of ["a.kernel", "a.half", "a.bf16"]) {
      assertEquals(state.get(name)!.floats(), VALUES);
    }
    assertEquals(state.get("a.kernel")!.shape, [3, 2]);
    assertEquals(state.get("a.turned")!.floats(), Float32Array.of(-2, 4, 0.5, 8));
    assertEquals(state.get("a.num_batches_tracked")!.floats(), Float32Array.of(7));
  }
});

Deno.test("parseCheckpoint() reads .npz with and without compression", () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }".padEnd(117) + "\n";
  const npy = joined(0x93, "NUMPY", 1, 0, 118, 0, header, new Uint8Array(VALUES.slice().buffer));
  for (const deflate of [true, false]) {
    const state = parseCheckpoint(zip([{ name: "a.kernel.npy", data: npy, deflate }]), "test");
    assertEquals(state.get("a.kernel")!.floats(), VALUES);
  }
});

Deno.test("writeSafetensors() writes what readSafetensors() reads, the same bytes each time", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const state = parseCheckpoint(torchZip(FIXTURES), "test");
    await writeSafetensors(`${folder}/a.safetensors`, state);
    const back = await readCheckpoint(`${folder}/a.safetensors`);
    assertEquals(back.get("a.turned")!.shape, [2, 2]);
    for (const [name, tensor] of state) assertEquals(back.get(name)!.floats(), tensor.floats());
    await writeSafetensors(`${folder}/b.safetensors`, back);
    const [a, b] = ["a", "b"].map((name) => Deno.readFileSync(`${folder}/${name}.safetensors`));
    assertEquals(a, b);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The text of the error that reading gives. */
function refusal(file: Uint8Array): string {
  return assertThrows(() => parseCheckpoint(file, "test"), InputError).message;
}

/** An archive around a pickle. */
const around = (...pickle: Parameters<typeof joined>) =>
  zip([{ name: "net/data.pkl", data: joined(...pickle) }]);

Deno.test("a pickle may name weights only, and nothing it names is called", () => {
  assertMatch(
    refusal(around(0x80, 2, "cposix\nsystem\n(X", 2, 0, 0, 0, "lstR.")),
    /"posix.system"/,
  );
  assertMatch(refusal(around(0x80, 4, 0x8c, 2, "os", 0x8c, 5, "popen", 0x93, ".")), /"os.popen"/);
  assertMatch(refusal(around("cbuiltins\neval\n.")), /"builtins.eval"/);
  assertMatch(refusal(around("ctorch\nhub.load\n.")), /torch.hub.load/);
  // Extension registry, INST and OBJ could all make objects of any class.
  for (const opcode of [0x82, 0x83, 0x84, 0x69, 0x6f, 0x81, 0x92]) {
    assertMatch(refusal(around(0x80, 2, opcode, 0, ".")), /instruction 0x.. is not allowed/);
  }
  assertMatch(refusal(around("ctorch\nfloat32\n)R.")), /cannot be called/);
});

Deno.test("absurd sizes are refused before anything is made of them", () => {
  const huge = 0x7fffffff;
  const first = FIXTURES[0]!;
  const wide = { ...first, shape: [huge, huge], strides: [0, 0] };
  assertMatch(refusal(torchZip([wide])), /does not fit into its storage of 6/);
  assertMatch(refusal(torchZip([{ ...first, offset: 5 }])), /does not fit/);
  assertMatch(refusal(torchZip([{ ...first, numel: huge }])), /24 bytes in the archive/);
  assertMatch(refusal(torchLegacy([{ ...first, numel: huge }])), /numbers, \d+ are needed/);
  assertMatch(refusal(around(0x80, 4, 0x8d, u64(2 ** 60), "x.")), /bytes are needed/);
  assertMatch(refusal(around(0x8a, 255, new Uint8Array(255), ".")), /an integer has 255 bytes/);
  const bomb = { name: "a.npy", data: new Uint8Array(1e6), deflate: true, size: 0xfffffff0 };
  assertMatch(refusal(zip([bomb])), /unpack to more than/);
  assertMatch(refusal(zip([{ ...bomb, size: 10 }])), /does not inflate to 10 bytes/);
});

Deno.test("names in an archive are never paths, and occur once", () => {
  const pickle = torchPickle([FIXTURES[0]!]);
  const outside = zip([
    { name: "net/data.pkl", data: pickle },
    { name: "net/data/../../0", data: new Uint8Array(24) },
    { name: "/net/data/0", data: new Uint8Array(24) },
  ]);
  assertMatch(refusal(outside), /storage "0" of 6 x F32 is not in the archive/);
  const entry = { name: "net/data.pkl", data: pickle };
  assertMatch(refusal(zip([entry, entry])), /two entries/);
});

Deno.test("what is no checkpoint says what was found", () => {
  assertMatch(refusal(joined("hello")), /begins as none of these/);
  assertMatch(refusal(new Uint8Array(0)), /begins as none of these/);
  assertMatch(refusal(around(0x80, 2, "}X", 3, 0, 0, 0, "optN", "s.")), /it holds opt;/);
  assertMatch(refusal(around(0x80, 2, "].")), /it holds no dictionary/);
  const wrongOrder = zip([
    { name: "net/data.pkl", data: torchPickle([]) },
    { name: "net/byteorder", data: joined("big") },
  ]);
  assertMatch(refusal(wrongOrder), /byte order is "big"/);
});

Deno.test("nesting without end is a file of its size, and no more", () => {
  const deep = new Uint8Array(1e6).fill(0x5d);
  assertMatch(refusal(around(0x80, 2, deep, ".")), /no dictionary/);
  assertMatch(refusal(joined(0x80, 2, new Uint8Array(1e6).fill(0x28), ".")), /stack/);
});

Deno.test("no truncation and no flipped bit of a file does more than fail", () => {
  const safetensors = joined(
    u64(64),
    '{"a":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}}'.padEnd(64),
    new Uint8Array(VALUES.slice().buffer),
  );
  for (const file of [torchZip(FIXTURES), torchLegacy(FIXTURES), safetensors]) {
    parseCheckpoint(file, "whole").values().forEach((tensor) => tensor.floats());
    for (let i = 0; i < file.length; i++) {
      const flipped = file.slice();
      flipped[i]! ^= 1 << (i % 8);
      for (const damaged of [flipped, file.subarray(0, i)]) {
        try {
          parseCheckpoint(damaged, "damaged").values().forEach((tensor) => tensor.floats());
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
        }
      }
    }
  }
});

Deno.test("a changed weight in an archive is noticed", () => {
  const file = torchZip(FIXTURES);
  const at = file.indexOf(0xc0); // of -2 in f32
  file[at]! ^= 1;
  const state = parseCheckpoint(file, "test");
  const error = assertThrows(() => state.get("a.kernel")!.floats(), InputError);
  assertMatch(error.message, /CRC-32/);
});

Deno.test("readSafetensors() refuses headers that do not fit the file", () => {
  const file = (header: string) => joined(u64(header.length), header, new Uint8Array(24));
  const entry = (begin: number, end: number, shape = [6], dtype = "F32") =>
    `{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${begin},${end}]}`;
  const refused = (header: string, why: RegExp) =>
    assertMatch(
      assertThrows(() => readSafetensors(file(header), "test"), InputError).message,
      why,
    );
  refused(`{"a":${entry(0, 48, [12])}}`, /lies at 0 to 48/);
  refused(`{"a":${entry(0, 24, [7])}}`, /lies at 0 to 24/);
  refused(`{"a":${entry(0, 24, [6], "F33")}}`, /malformed/);
  refused(`{"a":${entry(0, 16, [4])},"b":${entry(8, 24, [4])}}`, /two tensors share byte 8/);
  refused(`{"a":null}`, /malformed/);
  refused(`{"a"`, /not JSON/);
  assertMatch(refusal(joined(u64(2 ** 50), "{}")), /its header has/);
});

Deno.test("readCheckpoint() reads a file of PyTorch's own, 22 million numbers in half a second", async () => {
  const path = sharedPath("golden_models/minkunet_cr0p25/checkpoint.pt");
  if (path !== undefined) {
    const state = await readCheckpoint(path);
    assertEquals(state.get("up1.1.0.net.0.kernel")!.shape, [27, 96, 64]);
    const values = state.get("stem.1.running_var")!.floats();
    assertEquals([values.length, values.every((value) => value > 0)], [8, true]);
  }
  const file = torchZip([floats("a", [22e6], new Float32Array(22e6))]);
  let best = Infinity;
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    assertEquals(parseCheckpoint(file, "large").get("a")!.floats().length, 22e6);
    best = Math.min(best, performance.now() - start);
  }
  assertLess(best, 500);
});
