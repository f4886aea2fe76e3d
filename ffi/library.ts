import { InputError } from "../std/errors.ts";
import { ABI_VERSION } from "./errors.ts";
import { SYMBOLS } from "./symbols.ts";

/** "emulated" is the CUDA library compiled for the host: a test tool. */
export type Backend = "cpu" | "cuda" | "emulated";
export type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

const FILES: Readonly<Record<Backend, string>> = {
  cpu: "libvoxmark_cpu.so",
  cuda: "libvoxmark_cuda.so",
  emulated: "libvoxmark_cuda_emulated.so",
};

const opened = new Map<Backend, Symbols>();

/**
 * Opens the library of one backend, once per process. It is never closed: closing it under a
 * pending nonblocking call, or calling after a close, is a crash and not an exception.
 */
export function openLibrary(backend: Backend): Symbols {
  const known = opened.get(backend);
  if (known) return known;
  const path = new URL(`../kernels/build/${FILES[backend]}`, import.meta.url);
  let symbols: Symbols;
  try {
    symbols = Deno.dlopen(path, SYMBOLS).symbols;
  } catch (cause) {
    const how = backend === "emulated" ? "tests" : backend;
    throw new InputError(
      `Cannot open the ${backend} library kernels/build/${FILES[backend]}: ` +
        `run \`deno task build --backend ${how}\``,
      { cause },
    );
  }
  const version = symbols.vmk_abi_version();
  if (version !== ABI_VERSION) {
    throw new InputError(
      `Cannot use kernels/build/${
        FILES[backend]
      }: its ABI is ${version}, this binding is ${ABI_VERSION}`,
    );
  }
  opened.set(backend, symbols);
  return symbols;
}

/** Reads a text that a native function copies into the caller's buffer and returns the length of. */
export function readText(copy: (buffer: Uint8Array<ArrayBuffer>, capacity: bigint) => bigint) {
  let buffer = new Uint8Array(1024);
  const length = Number(copy(buffer, BigInt(buffer.length)));
  if (length >= buffer.length) {
    buffer = new Uint8Array(length + 1);
    copy(buffer, BigInt(buffer.length));
  }
  return new TextDecoder().decode(buffer.subarray(0, length));
}

const NAME = new TextEncoder();

/** Variant names of an op ("sparse_conv") in index order; the first is the default. */
export function variants(backend: Backend, op: string): string[] {
  const name = NAME.encode(`${op}\0`);
  const text = readText((to, cap) => openLibrary(backend).vmk_variants(name, to, cap));
  return text === "" ? [] : text.split(",");
}

/** What a backend runs on: `key: value` lines as an object; `error` when it cannot be opened. */
export function deviceInfo(backend: Backend, device = 0): Record<string, string> {
  const lib = openLibrary(backend);
  const text = readText((to, cap) => lib.vmk_device_info(device, to, cap));
  return parseDeviceInfo(text);
}

/** Lines about a device that can be opened, or the one line that says why it cannot. */
export function parseDeviceInfo(text: string): Record<string, string> {
  if (!text.includes("\n")) return { error: text };
  return Object.fromEntries(text.split("\n").map((line) => line.split(": ", 2)));
}

/** The compiler that built a library. */
export function buildInfo(backend: Backend): string {
  return readText((to, cap) => openLibrary(backend).vmk_build_info(to, cap));
}

/** undefined when the backend can run here, else one line that says why not. */
export function unavailable(backend: Backend): string | undefined {
  try {
    return deviceInfo(backend).error;
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}
