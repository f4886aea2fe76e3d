/** Names of what was timed, with what all share said once. */
import { formatValue } from "./numbers.ts";
import type { BenchCase } from "./schema.ts";

type Params = BenchCase["params"];
type Labelled = Pick<BenchCase, "params" | "backend" | "dtype">;

/** `n=120,000, c=32` in the order of the file, without the names in `except`. */
function paramsText(params: Params, except: ReadonlySet<string> = new Set()): string {
  return Object.entries(params).filter(([name]) => !except.has(name))
    .map(([name, value]) => `${name}=${formatValue(value)}`).join(", ");
}

/** The parameters that have one value in all of `items`; none when there is one item only. */
function commonParams(items: readonly Labelled[]): ReadonlySet<string> {
  const first = items[0];
  if (first === undefined || items.length === 1) return new Set();
  const names = Object.keys(first.params);
  return new Set(names.filter((name) => items.every((x) => x.params[name] === first.params[name])));
}

/** What tells `item` from its siblings: parameters, then backend and dtype where they vary. */
export function groupLabel(item: Labelled, siblings: readonly Labelled[]): string {
  return [paramsText(item.params, commonParams(siblings)), ...varying(item, siblings)]
    .filter((text) => text !== "").join(" · ");
}

/** What all of `items` share: backend, dtype and parameters. */
export function sharedLabel(items: readonly Labelled[]): string {
  const first = items[0];
  if (first === undefined) return "";
  const common = commonParams(items);
  const shared = Object.fromEntries(
    Object.entries(first.params).filter(([name]) => common.has(name)),
  );
  const same = (key: "backend" | "dtype") => items.every((item) => item[key] === first[key]);
  return [
    same("backend") ? first.backend : "",
    same("dtype") ? first.dtype : "",
    paramsText(shared),
  ]
    .filter((text) => text !== "").join(", ");
}

function varying(item: Labelled, siblings: readonly Labelled[]): string[] {
  return (["backend", "dtype"] as const)
    .filter((key) => siblings.some((sibling) => sibling[key] !== item[key]))
    .map((key) => item[key]);
}
