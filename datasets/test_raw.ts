/** Folders of raw files that tests damage. */
import { assert } from "@std/assert";
import { TestFolder } from "../std/testing.ts";
import { openScans } from "./arrow_scans.ts";
import { convert } from "./convert.ts";
import type { ConvertOptions } from "./dataset.ts";
import type { RawTwin } from "./raw/raw_twin.ts";
import { rawTwinNamed } from "./raw/registry.ts";
import { datasetNamed } from "./registry.ts";
import type { Scan } from "./scan.ts";
import { inputError } from "./test_scans.ts";

/** A folder with raw files of one data set. */
export class Raw extends TestFolder {
  constructor(readonly format: string) {
    super();
  }

  static async of(format: string, count = 1, twin: RawTwin = rawTwinNamed(format)): Promise<Raw> {
    const folder = new Raw(format);
    await twin.write(`${folder.path}/raw`, count, 1, () => {});
    return folder;
  }

  async convert(options: Partial<ConvertOptions> = {}): Promise<Scan[]> {
    const out = `${this.path}/out`;
    const choices = { dropInvalid: false, warn: () => {}, ...options };
    await convert(datasetNamed(this.format), `${this.path}/raw`, out, choices);
    using source = await openScans(out);
    const scans = await Array.fromAsync(source);
    Deno.removeSync(out, { recursive: true });
    return scans;
  }

  async error(options: Partial<ConvertOptions> = {}): Promise<string> {
    const message = await inputError(() => this.convert(options));
    assert(![...Deno.readDirSync(this.path)].some(({ name }) => name === "out"), "output is left");
    return message;
  }

  /** The error once file `name` has this content; it is put back. */
  async with(name: string, data: string | Uint8Array<ArrayBuffer>, options = {}): Promise<string> {
    const path = `${this.path}/raw/${name}`;
    const before = Deno.readFileSync(path);
    this.write(`raw/${name}`, data);
    const message = await this.error(options);
    Deno.writeFileSync(path, before);
    return message;
  }

  text = (name: string) => Deno.readTextFileSync(`${this.path}/raw/${name}`);
}
