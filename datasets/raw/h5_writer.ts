import h5wasm from "h5wasm";
import { writeAtomic } from "../../std/files.ts";

/** An array of a HDF5 file. */
export interface H5Array {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Uint8Array | Int32Array | Uint16Array;
}

let files = 0;

/** Writes arrays as h5py does with gzip; the file is complete or absent. */
export async function writeH5(path: string, arrays: readonly H5Array[]): Promise<void> {
  const { FS } = await h5wasm.ready;
  const name = `twin${files++}.h5`;
  // The oldest layout, as h5py has it: no checksums, symbol tables for groups.
  const file = new h5wasm.File(name, "w", { libver: ["earliest", "latest"] });
  for (const { name, shape, data } of arrays) {
    const chunks = [1, ...shape.slice(1)];
    file.create_dataset({ name, data, shape: [...shape], chunks, compression: "gzip" });
  }
  file.close();
  const bytes = FS.readFile(name);
  FS.unlink(name);
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await writeAtomic(path, (temporary) => Deno.writeFile(temporary, bytes));
}
