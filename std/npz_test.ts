import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "./errors.ts";
import { parseNpy, parseNpz } from "./npz.ts";
import { sharedPath } from "./testing.ts";

/** A .npy file as NumPy writes it. */
function npy(descr: string, shape: string, data: Uint8Array): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  const header = new TextEncoder().encode(text.padEnd(117) + "\n");
  const head = Uint8Array.of(0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, header.length, 0);
  return Uint8Array.of(...head, ...header, ...data);
}

const floats = new Uint8Array(Float32Array.of(1, 2.5, -3).buffer);

Deno.test("parseNpy() reads shapes, scalars and values", () => {
  assertEquals(parseNpy(npy("<f4", "3,", floats), "a").data, Float32Array.of(1, 2.5, -3));
  assertEquals(parseNpy(npy("<f4", "1, 3", floats), "a").shape, [1, 3]);
  assertEquals(parseNpy(npy("|b1", "", Uint8Array.of(1)), "a"), {
    shape: [],
    data: Uint8Array.of(1),
  });
});

Deno.test("parseNpy() says what does not fit", () => {
  assertThrows(
    () => parseNpy(npy("<f4", "4,", floats), "a"),
    InputError,
    "needs 16 bytes, 12 are there",
  );
  assertThrows(() => parseNpy(npy("<c8", "3,", floats), "a"), InputError, "<c8");
  assertThrows(() => parseNpy(Uint8Array.of(1, 2), "a.npy"), InputError, "a.npy as .npy");
  for (const shape of ["1,".repeat(65), "18446744073709551616, 0,", "-1,", "1.5,"]) {
    assertThrows(() => parseNpy(npy("<f4", shape, floats), "a"), InputError, "its header is");
  }
});

Deno.test("parseNpz() refuses what is not an archive", () => {
  assertThrows(() => parseNpz(new Uint8Array(100), "a.npz"), InputError, "no central directory");
});

const golden = sharedPath("data/golden/torchsparse_conv_forward_sample.npz");

Deno.test({
  name: "parseNpz() reads an archive that NumPy wrote, and no truncation of it crashes",
  ignore: golden === undefined,
  fn: () => {
    const bytes = Deno.readFileSync(golden!);
    const arrays = parseNpz(bytes, "golden");
    assertEquals(arrays.get("weight")!.shape, [27, 4, 32]);
    assertEquals(arrays.get("nbsizes")!.data.length, 27);
    for (let cut = 1; cut < bytes.length; cut += 9973) {
      assertThrows(() => parseNpz(bytes.subarray(0, cut), "golden"), InputError);
    }
  },
});
