/** An HTML file on disk, and in the browser. */
import { InputError } from "../../std/errors.ts";
import { writeTextAtomic } from "../../std/files.ts";

/**
 * Writes the file, whole or not at all, and makes its folder.
 *
 * @throws {InputError} It cannot be written there.
 */
export async function writeHtmlFile(file: string, text: string): Promise<void> {
  const slash = file.lastIndexOf("/");
  try {
    if (slash > 0) await Deno.mkdir(file.slice(0, slash), { recursive: true });
    await writeTextAtomic(file, text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`Cannot write "${file}": ${reason}`, { cause });
  }
}

/**
 * Opens the file with the program that the system has for HTML.
 *
 * @throws {InputError} There is none, or it failed; the file is there all the same.
 */
export async function openInBrowser(file: string): Promise<void> {
  const opener = Deno.build.os === "darwin" ? "open" : "xdg-open";
  const fail = (reason: string, cause?: unknown) =>
    new InputError(`Cannot open "${file}": ${reason}; open it in a browser by hand`, { cause });
  let code: number;
  try {
    // An absolute path: a name that begins with a dash would be an option.
    const args = [await Deno.realPath(file)];
    ({ code } = await new Deno.Command(opener, { args, stdout: "null", stderr: "null" }).output());
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotCapable)) {
      throw cause;
    }
    throw fail(`${opener} is not installed`, cause);
  }
  if (code !== 0) throw fail(`${opener} ended with ${code}`);
}
