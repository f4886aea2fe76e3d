import type { Need, PublishedTable } from "./schema.ts";

/** Where a published table stands here. */
export type TableState =
  | { readonly kind: "measured" }
  | { readonly kind: "not measured yet"; readonly command: string }
  | { readonly kind: "needs"; readonly what: readonly Need[] }
  | { readonly kind: "not yet built" };

/**
 * A stored result settles it; else a command that can measure it does; else what is lacking.
 *
 * @param stored Ids of the tables in stored results: that of the command, or this one.
 */
export function stateOf(
  { id, reproducedBy, needs }: PublishedTable,
  stored: ReadonlySet<string>,
): TableState {
  if (reproducedBy !== undefined) {
    if (stored.has(reproducedBy) || stored.has(id)) return { kind: "measured" };
    return { kind: "not measured yet", command: `deno task bench ${reproducedBy}` };
  }
  return needs.length > 0 ? { kind: "needs", what: needs } : { kind: "not yet built" };
}

const NEED_TEXT: Record<Need, string> = { weights: "weights", data: "data", gpu: "a GPU" };

/** A state in a few words. */
export function stateText(state: TableState): string {
  switch (state.kind) {
    case "measured":
      return "measured here";
    case "not measured yet":
      return `not measured yet: ${state.command}`;
    case "needs":
      return `not yet built; needs ${state.what.map((need) => NEED_TEXT[need]).join(", ")}`;
    case "not yet built":
      return "not yet built";
  }
}
