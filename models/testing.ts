/** What the tests of this folder share. */

/** Path of material beside the project, or undefined, said on stdout, where it is absent. */
export function sharedPath(path: string): string | undefined {
  const url = new URL(`../../shared/${path}`, import.meta.url);
  try {
    Deno.statSync(url);
    return decodeURIComponent(url.pathname);
  } catch {
    Deno.stdout.writeSync(new TextEncoder().encode(`skipped: ../shared/${path} is absent\n`));
    return undefined;
  }
}
