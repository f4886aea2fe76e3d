import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../std/errors.ts";
import { encodePng } from "../std/png_writer.ts";
import { decodeRgb } from "./rgb_image.ts";

/** A JPEG image of 8 x 8 grey pixels of 128: tables of ones, and no difference to code. */
const GREY_JPEG = Uint8Array.from([
  ...[0xff, 0xd8],
  ...[0xff, 0xdb, 0, 67, 0, ...new Array(64).fill(1)],
  ...[0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0],
  // One code of one bit in each Huffman table, of no bits (DC) and end of block (AC).
  ...[0xff, 0xc4, 0, 20, 0x00, 1, ...new Array(15).fill(0), 0],
  ...[0xff, 0xc4, 0, 20, 0x10, 1, ...new Array(15).fill(0), 0],
  ...[0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0],
  ...[0x3f, 0xff, 0xd9],
]);

Deno.test("decodeRgb() decodes JPEG and PNG images", async () => {
  const grey = await decodeRgb(GREY_JPEG, "the image");
  assertEquals([grey.width, grey.height], [8, 8]);
  assertEquals(grey.samples, new Uint8Array(192).fill(128));
  const samples = Uint8Array.from({ length: 2 * 3 * 3 }, (_, i) => 10 * i);
  const png = encodePng({ width: 2, height: 3, channels: 3, samples });
  assertEquals((await decodeRgb(png, "the image")).samples, samples);
  const one = encodePng({ width: 2, height: 1, channels: 1, samples: Uint8Array.of(9, 8) });
  assertEquals([...(await decodeRgb(one, "the image")).samples], [9, 9, 9, 8, 8, 8]);
});

Deno.test("decodeRgb() names the image that it cannot decode", async () => {
  const refuses = async (bytes: Uint8Array, text: string) => {
    const error = await assertRejects(() => decodeRgb(bytes, "the image"), InputError);
    assertEquals(error.message, `Cannot read the image: ${text}`);
  };
  // The Huffman tables are gone.
  const broken = new Uint8Array([...GREY_JPEG.slice(0, 84), ...GREY_JPEG.slice(-2)]);
  await refuses(
    broken,
    "its JPEG data cannot be decoded (Invalid JPEG file structure: missing SOS marker)",
  );
  // Another one is decoded after it.
  assertEquals((await decodeRgb(GREY_JPEG, "the image")).width, 8);
  const huge = GREY_JPEG.slice();
  huge.set([0xff, 0xff, 0xff, 0xff], 76);
  await refuses(huge, "it is 65535 x 65535 pixels, and at most 67108864 are read");
  await refuses(GREY_JPEG.subarray(0, 100), "the JPEG image is cut off after 100 bytes");
  const deep = encodePng({ width: 1, height: 1, channels: 1, samples: Uint16Array.of(9) });
  await refuses(deep, "its pixels are grey of 16 bits, and 8 bits are needed");
});
