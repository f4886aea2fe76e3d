import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { crc32, deflateSync } from "node:zlib";
import { decodePng, PngError } from "./png.ts";
import { encodePng } from "./png_writer.ts";

/** Seeded bytes. */
function noise(n: number, seed = 1): Uint8Array {
  let x = seed;
  return Uint8Array.from({ length: n }, () => (x = x * 16807 % 2147483647) >> 7);
}

function chunk(type: string, content: readonly number[] | Uint8Array): number[] {
  const body = [...new TextEncoder().encode(type), ...content];
  const number = (n: number) => [n >>> 24, n >>> 16 & 255, n >>> 8 & 255, n & 255];
  return [...number(content.length), ...body, ...number(crc32(Uint8Array.from(body)))];
}

interface Shape {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly type: number;
  readonly interlace?: number;
}

/** A PNG file of rows that hold their filter bytes. */
function file(
  { width, height, bits, type, interlace = 0 }: Shape,
  rows: readonly number[] | Uint8Array,
): Uint8Array {
  const size = (n: number) => [n >>> 24, n >>> 16 & 255, n >>> 8 & 255, n & 255];
  const header = [...size(width), ...size(height), bits, type, 0, 0, interlace];
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", header),
    ...chunk("IDAT", deflateSync(Uint8Array.from(rows))),
    ...chunk("IEND", []),
  ]);
}

Deno.test("decodePng() gives back what encodePng() wrote, 8 and 16 bits, grey and RGB", () => {
  for (const [width, height, channels] of [[1, 1, 1], [37, 5, 1], [8, 9, 3]] as const) {
    const n = width * height * channels;
    for (const samples of [noise(n), Uint16Array.from(noise(n), (v, i) => v * 257 ^ i)]) {
      const png = decodePng(encodePng({ width, height, channels, samples }));
      assertEquals(png.samples, samples);
      assertEquals([png.width, png.height, png.channels], [width, height, channels]);
    }
  }
});

Deno.test("decodePng() undoes each filter, also in the first row and left of the first pixel", () => {
  // Two pixels of three bytes; what each filter adds is worked out by hand.
  const shape = { width: 2, height: 2, bits: 8, type: 2 };
  const first = [0, 10, 20, 30, 40, 50, 60];
  const decode = (second: number[]) => [...decodePng(file(shape, [...first, ...second])).samples];
  const top = [10, 20, 30, 40, 50, 60];
  assertEquals(decode([1, 1, 2, 3, 4, 5, 6]), [...top, 1, 2, 3, 5, 7, 9]);
  assertEquals(decode([2, 1, 2, 3, 255, 5, 6]), [...top, 11, 22, 33, 39, 55, 66]);
  assertEquals(decode([3, 1, 2, 3, 4, 5, 6]), [...top, 6, 12, 18, 27, 36, 45]);
  // left + above - corner = 11 + 40 - 10 = 41: nearest is above.
  assertEquals(decode([4, 1, 2, 3, 4, 5, 6]), [...top, 11, 22, 33, 44, 55, 66]);
  for (const filter of [1, 4]) {
    const row = [filter, 1, 2, 3, 4, 5, 6];
    assertEquals([...decodePng(file({ ...shape, height: 1 }, row)).samples], [1, 2, 3, 5, 7, 9]);
  }
  const row = [3, 2, 4, 6, 1, 1, 1];
  assertEquals([...decodePng(file({ ...shape, height: 1 }, row)).samples], [2, 4, 6, 2, 3, 4]);
});

Deno.test("decodePng() gives palette indices and unscaled values of 1, 2 and 4 bits", () => {
  const decode = (bits: number, type: number, row: number[]) =>
    decodePng(file({ width: 3, height: 1, bits, type }, [0, ...row]));
  const image = decode(4, 3, [0x1f, 0x70]);
  assertEquals([...image.samples], [1, 15, 7]);
  assertStrictEquals(image.colour, "palette");
  assertEquals([...decode(2, 0, [0b11_01_10_00]).samples], [3, 1, 2]);
  assertEquals([...decode(1, 0, [0b101_00000]).samples], [1, 0, 1]);
});

Deno.test("decodePng() puts the passes of an interlaced image together", () => {
  // 3 x 3: pass 1 has (0, 0), pass 4 (2, 0), pass 5 (0, 2) and (2, 2), pass 6 the odd columns of
  // the even rows, pass 7 the odd row.
  const shape = { width: 3, height: 3, bits: 8, type: 0, interlace: 1 };
  const rows = [0, 1, 0, 3, 0, 7, 9, 0, 2, 0, 8, 0, 4, 5, 6];
  assertEquals([...decodePng(file(shape, rows)).samples], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

Deno.test("decodePng() reads image data that is spread over chunks", () => {
  const packed = deflateSync(Uint8Array.of(0, 5, 6));
  const whole = [...file({ width: 2, height: 1, bits: 8, type: 0 }, [0, 5, 6])];
  const start = whole.slice(0, 33);
  const spread = [
    ...start,
    ...chunk("IDAT", packed.subarray(0, 3)),
    ...chunk("tEXt", [65]),
    ...chunk("IDAT", packed.subarray(3)),
    ...chunk("IEND", []),
  ];
  assertEquals([...decodePng(Uint8Array.from(spread)).samples], [5, 6]);
});

Deno.test("decodePng() refuses every cut of a file, and a flipped byte", () => {
  const whole = encodePng({ width: 9, height: 7, channels: 1, samples: noise(63) });
  for (let length = 0; length < whole.length; length++) {
    assertThrows(() => decodePng(whole.subarray(0, length)), PngError);
  }
  for (const at of [3, 20, 45, 70]) {
    const broken = whole.slice();
    broken[at]! ^= 1;
    assertThrows(() => decodePng(broken), PngError);
  }
});

Deno.test("decodePng() refuses sizes that the data cannot hold, before it takes memory", () => {
  const huge = file({ width: 8192, height: 8192, bits: 8, type: 0 }, [0, 1]);
  assertThrows(() => decodePng(huge), PngError, "8192 x 8192 pixels, which 10 bytes");
  const vast = file({ width: 2 ** 31 - 1, height: 2 ** 31 - 1, bits: 16, type: 6 }, [0]);
  assertThrows(() => decodePng(vast), PngError, "pixels are needed");
  const empty = file({ width: 0, height: 1, bits: 8, type: 0 }, [0]);
  assertThrows(() => decodePng(empty), PngError, "0 x 1 pixels");
  const short = file({ width: 4, height: 2, bits: 8, type: 0 }, [0, 1, 2, 3, 4]);
  assertThrows(() => decodePng(short), PngError, "its data has 5 bytes, and 10 are needed");
  const long = file({ width: 1, height: 1, bits: 8, type: 0 }, new Uint8Array(1 << 20));
  assertThrows(() => decodePng(long), PngError, "damaged");
});

Deno.test("decodePng() refuses unknown filters, colour types and other files", () => {
  const filter = file({ width: 1, height: 1, bits: 8, type: 0 }, [5, 0]);
  assertThrows(() => decodePng(filter), PngError, "its row 0 has filter 5");
  const type = file({ width: 1, height: 1, bits: 4, type: 2 }, [0, 0]);
  assertThrows(() => decodePng(type), PngError, "colour type 2 with 4 bits");
  assertThrows(() => decodePng(new TextEncoder().encode("P5 1 1 255\n")), PngError, "signature");
});
