import { InputError } from "../std/errors.ts";
import { writeAtomic } from "../std/files.ts";
import { openScans } from "./arrow_scans.ts";
import { imagePng, imageSvg } from "./image_picture.ts";
import { birdsEyePng, birdsEyeSvg } from "./picture.ts";
import { firstInvalid } from "./points.ts";

/**
 * Draws scan `index` of a file or folder, to an .svg or a .png: points from above, or the image of
 * a sample without points.
 *
 * @throws {InputError} for another ending, a scan that is not there, or one without points and images.
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
  const isImage = scan.points.length === 0 && (scan.images?.length ?? 0) > 0;
  if (!isImage && (scan.points.length === 0 || firstInvalid(scan.points) >= 0)) {
    const found = scan.points.length === 0
      ? "it has no points and no image"
      : "a point of it is not finite";
    throw new InputError(`Cannot draw scan "${scan.id}" of "${path}": ${found}`);
  }
  const [svg, png] = isImage ? [imageSvg, imagePng] : [birdsEyeSvg, birdsEyePng];
  const bytes = isSvg
    ? new TextEncoder().encode(svg(scan, source.metadata))
    : png(scan, source.metadata);
  await writeAtomic(picture, (temporary) => Deno.writeFile(temporary, bytes));
}
