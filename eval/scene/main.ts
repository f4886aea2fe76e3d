/** `deno task eval scene`: a scan in 3-D, with what was predicted for it, as one HTML file. */
import { openScans } from "../../datasets/arrow_scans.ts";
import { pointCount, type Scan } from "../../datasets/scan.ts";
import { asset, threeModules } from "../../reports/html/assets.ts";
import { openInBrowser, writeHtmlFile } from "../../reports/html/file.ts";
import { sceneDocument } from "../../reports/html/scene_document.ts";
import { InputError } from "../../std/errors.ts";
import { removePartFilesOnSignal } from "../../std/files.ts";
import { print } from "../../std/main.ts";
import { labelPath } from "../model/predictions.ts";
import { parseSceneCommand, sceneUsage } from "./args.ts";
import { sceneOf } from "./scene.ts";

/** Runs what follows `eval scene` on a command line. */
export async function sceneMain(args: readonly string[]): Promise<void> {
  const command = parseSceneCommand(args);
  if (command === "help") return print(sceneUsage());
  removePartFilesOnSignal();
  using source = await openScans(command.path);
  const scan = await scanAt(source, command.scan);
  const predictions = command.predictions === undefined
    ? undefined
    : await readPredictions(command.predictions, scan);
  const style = `${await asset("style.css")}\n${await asset("viewer.css")}`;
  const assets = { style, viewer: await asset("viewer.js"), modules: await threeModules() };
  const text = sceneDocument(sceneOf(scan, source.metadata, predictions), assets);
  await writeHtmlFile(command.html, text);
  print(command.html);
  if (command.open) await openInBrowser(command.html);
}

async function scanAt(source: Awaited<ReturnType<typeof openScans>>, index: number): Promise<Scan> {
  if (index >= source.length) {
    throw new InputError(
      `Cannot show scan ${index} of "${source.path}": it has ${source.length}, counted from 0`,
    );
  }
  const scan = await source.scan(index);
  if (pointCount(scan) > 0) return scan;
  throw new InputError(`Cannot show scan "${scan.id}" of "${source.path}": it has no points`);
}

/** Bytes of a label: the class id in the low 16 bits, the instance above. */
const LABEL_BYTES = 4;

/** The class ids of a `.label` file, or of the scan's file in a folder of predictions. */
async function readPredictions(path: string, scan: Scan): Promise<Uint16Array> {
  const points = pointCount(scan);
  let file = path;
  try {
    if ((await Deno.stat(path)).isDirectory) file = labelPath(path, scan.id);
    // Before the file is read: any other may be of any size.
    const { size } = await Deno.stat(file);
    if (size !== LABEL_BYTES * points) {
      throw new InputError(
        `Cannot show the predictions "${file}": it is ${size} bytes, and the ${points} points of ` +
          `scan "${scan.id}" need ${LABEL_BYTES * points}`,
      );
    }
    const labels = new Uint32Array((await Deno.readFile(file)).buffer);
    return Uint16Array.from(labels, (label) => label & 0xffff);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new InputError(`Cannot show the predictions "${file}": there is no such file`, { cause });
  }
}
