/** White space as Python has it: what `str.split()`, `strip()` and `\s` take, and JavaScript does not. */
const SPACE =
  // deno-lint-ignore no-control-regex
  /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;

/** `text.split()`: the words between white space. */
export function splitPython(text: string): string[] {
  return text.split(SPACE).filter((word) => word !== "");
}

/** `text.rstrip()`. */
export function trimEndPython(text: string): string {
  let end = text.length;
  while (end > 0 && SPACE.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** `text.strip()`. */
export function trimPython(text: string): string {
  let start = 0;
  while (start < text.length && SPACE.test(text[start]!)) start++;
  return trimEndPython(text.slice(start));
}
