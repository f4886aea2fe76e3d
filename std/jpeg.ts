/**
 * JPEG images, by mozjpeg compiled to WebAssembly: its decoder is libjpeg-turbo's, so that pixels are
 * those of PIL and OpenCV.
 */
import decode, { init } from "@jsquash/jpeg/decode.js";

/** A decoded image. */
export interface Jpeg {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3]: red, green, blue. */
  readonly samples: Uint8Array;
}

/** The bytes are no JPEG image that can be decoded. */
export class JpegError extends Error {
  override readonly name = "JpegError";
}

/**
 * Decodes a JPEG image; grey ones become colours.
 *
 * @throws {JpegError} It is damaged or no JPEG image.
 */
export async function decodeJpeg(bytes: Uint8Array): Promise<Jpeg> {
  const { width, height, data } = await decoded(bytes);
  const samples = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) samples.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
  return { width, height, samples };
}

/** Whether the decoder is loaded, and what it last said. */
let loaded = false;
let said = "";

async function decoded(bytes: Uint8Array) {
  if (!loaded) await init({ printErr: (text: string) => said = text });
  loaded = true;
  try {
    // A copy: the decoder wants a whole buffer.
    return await decode(bytes.slice().buffer);
  } catch (cause) {
    // It has ended, and another one is needed for the next image.
    loaded = false;
    throw new JpegError(`its JPEG data cannot be decoded (${said})`, { cause });
  }
}
