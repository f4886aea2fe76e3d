import { InputError } from "../std/errors.ts";
import { writeAtomic } from "../std/files.ts";
import { openScans } from "./arrow_scans.ts";
import { birdsEyePng, birdsEyeSvg } from "./picture.ts";
import { firstInvalid } from "./points.ts";

/**
 * Draws scan `index` of a file or folder from above, to an .svg or a .png.
 *
 * @throws {InputError} for another ending, a scan that is not there, or one without points.
 */
export async function drawScan(path: string, index: number, picture: string): Promise<void> {
  const isSvg = picture.endsWith(".svg");
  if (!isSvg && !picture.endsWith(".png")) {
    throw new InputError(`Cannot draw "${picture}": its name must end with .svg or .png`);
  }
  using source = await openScans(path);
  if (index >= source.length) {
    throw new InputError(`Cannot draw scan ${index}: "${path}" has ${source.length} scans`);
  }
  const scan = await source.scan(index);
  if (scan.points.length === 0 || firstInvalid(scan.points) >= 0) {
    const found = scan.points.length === 0 ? "it has no points" : "a point of it is not finite";
    throw new InputError(`Cannot draw scan "${scan.id}" of "${path}": ${found}`);
  }
  const bytes = isSvg
    ? new TextEncoder().encode(birdsEyeSvg(scan, source.metadata))
    : birdsEyePng(scan, source.metadata);
  await writeAtomic(picture, (temporary) => Deno.writeFile(temporary, bytes));
}
