import { createHash } from "node:crypto";

/** SHA-256 of `parts` in hexadecimal, each told from the next: names, sizes and settings. */
export function fingerprint(parts: Iterable<string | number>): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${String(part).length}:${part},`);
  return hash.digest("hex");
}

/** SHA-256 of a file in hexadecimal, read a megabyte at a time. */
export async function fileSha256(path: string): Promise<string> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  const chunk = new Uint8Array(1 << 20);
  for (let read = await file.read(chunk); read !== null; read = await file.read(chunk)) {
    hash.update(chunk.subarray(0, read));
  }
  return hash.digest("hex");
}
