/** How a run was measured, in words. */
import { formatCount, plural } from "./numbers.ts";
import type { BenchContext } from "./schema.ts";

type Protocol = NonNullable<BenchContext["protocol"]>;

/** The protocol of this project, and of all results that name none. */
export const OUR_PROTOCOL = "voxmark";

export function protocolName({ protocol }: Pick<BenchContext, "protocol">): string {
  return protocol?.name ?? OUR_PROTOCOL;
}

/** What stands for the samples of a case: "median", "mean of the middle 250". */
export function figureText({ protocol }: Pick<BenchContext, "protocol">): string {
  if (protocol === undefined) return "median";
  const { figure, kept } = protocol;
  return kept === null ? figure : `${figure} ${formatCount(kept)}`;
}

/** `sparsevit: 500 warm-ups, 500 samples, mean of the middle 250, warm cache (thesis, ...)`. */
export function protocolText(protocol: Protocol): string {
  const { name, warmUps, samples, cache, source } = protocol;
  const parts = [
    plural(warmUps, "warm-up"),
    samples === null ? "samples by time" : plural(samples, "sample"),
    figureText({ protocol }),
    `${cache} cache`,
  ];
  return `${name}: ${parts.join(", ")} (${source})`;
}
