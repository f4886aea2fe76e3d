/** The files of ours that an HTML document holds. */

/** The text of a file in `assets/`. */
export function asset(name: string): Promise<string> {
  return Deno.readTextFile(new URL(`./assets/${name}`, import.meta.url));
}
