import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { lasBytes } from "../raw/las_writer.ts";
import { npyBytes } from "../raw/npy_writer.ts";
import { packLzf, pcdBytes, type PcdData } from "../raw/pcd_writer.ts";
import { plyBytes, type PlyFormat } from "../raw/ply_writer.ts";
import { zipBytes } from "../raw/zip_writer.ts";
import { inputError } from "../test_scans.ts";
import type { Cloud } from "./cloud.ts";
import { readLas } from "./las.ts";
import { unpackLzf } from "./lzf.ts";
import { readNpy, readNpz } from "./numpy.ts";
import { readPcd } from "./pcd.ts";
import { readPly } from "./ply.ts";
import { parseRows } from "./text_rows.ts";

const COLUMNS = [
  ["x", Float32Array.of(1, -2.5, 3e-7)],
  ["y", Float32Array.of(0.1, 4, 5)],
  ["z", Float32Array.of(6, 7, -8)],
  ["red", Uint8Array.of(255, 0, 7)],
  ["label", Uint16Array.of(40, 65535, 0)],
] as const;

const assertColumns = (cloud: Cloud) => {
  assertEquals(cloud.points, 3);
  for (const [name, values] of COLUMNS) {
    assertEquals(Array.from(Float32Array.from(cloud.columns.get(name)!)), Array.from(values));
  }
};

/** What the reader says of every truncation of a file, and of a thousand single damaged bytes. */
async function hostile(bytes: Uint8Array, read: (bytes: Uint8Array) => unknown): Promise<void> {
  for (let cut = 0; cut < bytes.length; cut += Math.max(1, bytes.length >> 6)) {
    await inputError(() => read(bytes.subarray(0, cut)));
  }
  for (let i = 0; i < Math.min(bytes.length, 1000); i++) {
    for (const flip of [0xff, 0x01, 0x80]) {
      const damaged = bytes.slice();
      damaged[i]! ^= flip;
      try {
        read(damaged);
      } catch (error) {
        assertEquals((error as Error).name, "InputError", `byte ${i}: ${error}`);
      }
    }
  }
}

for (const format of ["ascii", "binary_little_endian", "binary_big_endian"] satisfies PlyFormat[]) {
  Deno.test(`readPly() reads ${format} and survives damage`, async () => {
    const bytes = plyBytes(COLUMNS, format);
    assertColumns(readPly(bytes, "a.ply"));
    await hostile(
      format === "ascii" ? bytes.subarray(0, bytes.length - 2) : bytes,
      (bytes) => readPly(bytes, "a.ply"),
    );
  });
}

Deno.test("readPly() passes over elements before the vertices, lists among them", () => {
  const header = "ply\r\nformat binary_big_endian 1.0\r\nelement face 2\r\n" +
    "property list uchar ushort vertex_indices\r\nelement vertex 1\r\nproperty float x\r\n" +
    "property float y\r\nproperty float z\r\nend_header\r\n";
  const text = new TextEncoder().encode(header);
  const body = new Uint8Array(1 + 6 + 1 + 12);
  const view = new DataView(body.buffer);
  view.setUint8(0, 3);
  [1, 2, 3].forEach((v, i) => view.setFloat32(8 + 4 * i, v));
  const { columns } = readPly(Uint8Array.of(...text, ...body), "a.ply");
  assertEquals(["x", "y", "z"].map((name) => columns.get(name)![0]), [1, 2, 3]);
});

Deno.test("readPly() says what is wrong and does not believe counts", async () => {
  const say = (text: string) => inputError(() => readPly(new TextEncoder().encode(text), "a.ply"));
  const start = "ply\nformat ascii 1.0\n";
  assertStringIncludes(await say("plx"), 'does not begin with "ply"');
  assertStringIncludes(await say(start), 'has no line "end_header"');
  assertStringIncludes(await say("ply\nformat ebcdic 1.0\nend_header\n"), "line 2: it is");
  assertStringIncludes(await say(`${start}end_header\n`), "no element vertex");
  assertStringIncludes(
    await say(`${start}element vertex 9\nproperty float16 x\nend_header\n`),
    "line 4: it is",
  );
  const vertices = (count: string) =>
    `${start}element vertex ${count}\nproperty float x\nend_header\n`;
  assertStringIncludes(await say(vertices("-1")), 'number of vertex is "-1"');
  assertStringIncludes(await say(`${vertices("99999999999")}1\n`), "cannot hold");
  assertStringIncludes(await say(`${vertices("1")}1 2\n`), "line 6: it has 2 values, and 1");
  assertStringIncludes(await say(`${vertices("1")}0x1F\n`), '"0x1F" is no number');
  assertStringIncludes(
    await say(
      "ply\nformat binary_little_endian 1.0\nelement vertex 123456789012\n" +
        "property float x\nend_header\n",
    ),
    "declares 123456789012 vertices of 4 bytes, and 0 bytes are there",
  );
});

for (const data of ["ascii", "binary", "binary_compressed"] satisfies PcdData[]) {
  Deno.test(`readPcd() reads ${data} and survives damage`, async () => {
    const bytes = pcdBytes(COLUMNS, data);
    assertColumns(readPcd(bytes, "a.pcd"));
    await hostile(
      data === "ascii" ? bytes.subarray(0, bytes.length - 2) : bytes,
      (bytes) => readPcd(bytes, "a.pcd"),
    );
  });
}

Deno.test("readPcd() takes packed colours apart, also where their bits are a NaN", () => {
  const words = Uint32Array.of(0xffc08040, 0x00010203);
  const place = [["x", new Float32Array(2)], ["rgb", new Float32Array(words.buffer)]] as const;
  const { columns } = readPcd(pcdBytes(place, "binary"), "a.pcd");
  assertEquals(columns.get("red"), Uint8Array.of(0xc0, 1));
  assertEquals(columns.get("green"), Uint8Array.of(0x80, 2));
  assertEquals(columns.get("blue"), Uint8Array.of(0x40, 3));
});

Deno.test("readPcd() keeps fields behind those of many values, and reads nan", () => {
  const text = "FIELDS x fpfh y\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 3 1\nWIDTH 1\nHEIGHT 1\n" +
    "POINTS 1\nDATA ascii\nnan 1 2 3 9\n";
  const { columns } = readPcd(new TextEncoder().encode(text), "a.pcd");
  assertEquals([...columns.keys()], ["x", "y"]);
  assertEquals(columns.get("x")![0], NaN);
  assertEquals(columns.get("y")![0], 9);
});

Deno.test("readPcd() refuses a size that its data cannot have", async () => {
  const of = (points: string, data: string) =>
    new TextEncoder().encode(
      `FIELDS x\nSIZE 4\nTYPE F\nCOUNT 1\nWIDTH ${points}\nHEIGHT 1\nPOINTS ${points}\nDATA ${data}\n12345678`,
    );
  const say = (points: string, data: string) =>
    inputError(() => readPcd(of(points, data), "a.pcd"));
  assertStringIncludes(await say("900000000000", "binary"), "and 8 bytes are there");
  assertStringIncludes(await say("900000000000", "ascii"), "cannot hold");
  assertStringIncludes(await say("9", "binary_compressed"), "its points take 36");
  assertStringIncludes(await say("9", "zstd"), 'DATA is "zstd"');
});

Deno.test("unpackLzf() inverts the packer and refuses what would grow without end", async () => {
  const bytes = Uint8Array.from({ length: 3000 }, (_, i) => i < 1000 ? i * i : 7);
  const packed = packLzf(bytes);
  assert(packed.length < 1100);
  assertEquals(unpackLzf(packed, 3000, "a"), bytes);
  assertStringIncludes(await inputError(() => unpackLzf(packed, 1e12, "a")), "cannot hold 1000000");
  // A match of 3 bytes that reaches a byte back at the very start.
  assertStringIncludes(await inputError(() => unpackLzf(Uint8Array.of(32, 0), 3, "a")), "damaged");
  assertStringIncludes(await inputError(() => unpackLzf(packed, 2999, "a")), "damaged");
  assertStringIncludes(await inputError(() => unpackLzf(packed, 3001, "a")), "unpack to 3000");
});

const LAS = { points: [10, 20, 30, 500, -1, 2.5, 3, 65535], classes: [2, 31] };

Deno.test("readLas() reads each point format of each version", async () => {
  const versions = { 2: [0, 1, 2, 3], 3: [0, 3, 4, 5], 4: [0, 5, 6, 7, 8, 9, 10] } as const;
  for (const minor of [2, 3, 4] as const) {
    for (const format of versions[minor]) {
      const colours = [1, 2, 3, 65535, 5, 6];
      const bytes = lasBytes({ ...LAS, colours }, { minor, format, origin: [400_000, 0, 0] });
      const { columns, points } = readLas(bytes, "a.las");
      assertEquals(points, 2);
      assertAlmostEquals(columns.get("x")![1]!, -1, 1e-9);
      assertAlmostEquals(columns.get("y")![1]!, 2.5, 1e-9);
      assertEquals(Array.from(columns.get("intensity")!), [500, 65535]);
      assertEquals(Array.from(columns.get("classification")!), [2, 31]);
      const hasColour = [2, 3, 5, 7, 8, 10].includes(format);
      assertEquals(
        columns.get("red") && [...columns.get("red")!],
        hasColour ? [1, 65535] : undefined,
      );
      await hostile(bytes, (bytes) => readLas(bytes, "a.las"));
    }
  }
});

Deno.test("readLas() names what it cannot read", async () => {
  const bytes = lasBytes(LAS, { minor: 2, format: 0, origin: [0, 0, 0] });
  const say = (at: number, value: number) => {
    const changed = bytes.slice();
    changed[at] = value;
    return inputError(() => readLas(changed, "a.laz"));
  };
  assertStringIncludes(await say(104, 128), "compressed (LAZ)");
  assertStringIncludes(await say(104, 11), "format 11");
  assertStringIncludes(await say(25, 1), "version is 1.1");
  assertStringIncludes(await say(110, 255), "declares 4278190082 points of 20 bytes");
});

Deno.test("readNpy() and readNpz() read matrices with labels and colours beside them", async () => {
  const points = Float64Array.of(1, 2, 3, 4, 5, 6);
  assertEquals(readNpy(npyBytes(points, [2, 3]), "a").columns.get("z"), Float64Array.of(3, 6));
  const archive = zipBytes(
    new Map([
      ["xyz.npy", npyBytes(points, [2, 3])],
      ["rgb.npy", npyBytes(Uint8Array.of(1, 2, 3, 4, 5, 6), [2, 3])],
      ["label.npy", npyBytes(Int32Array.of(9, 8), [2])],
      ["other.npy", npyBytes(Int32Array.of(9, 8, 7), [3])],
    ]),
  );
  const { columns } = readNpz(archive, "a.npz");
  assertEquals([...columns.keys()], ["x", "y", "z", "red", "green", "blue", "label"]);
  assertEquals(Array.from(columns.get("green")!), [2, 5]);
  await hostile(archive, (bytes) => readNpz(bytes, "a.npz"));
  assertStringIncludes(
    await inputError(() => readNpy(npyBytes(points, [3, 2]), "a.npy")),
    "shape is (3, 2)",
  );
  assertStringIncludes(
    await inputError(() => readNpz(zipBytes(new Map()), "a.npz")),
    "one of points, xyz",
  );
});

Deno.test("parseRows() rounds as Number() does", () => {
  const texts = ["0.1", "-7.", ".5", "+3", "1e-320", "123456789012345678", "0.30000000000000004"];
  const bytes = new TextEncoder().encode(texts.join(" \t"));
  const { values } = parseRows(bytes, { columns: texts.length, place: "a" });
  assertEquals(Array.from(values), texts.map(Number));
});
