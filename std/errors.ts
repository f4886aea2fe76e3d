/** What the user typed or gave is wrong: one line on stderr, exit code 2. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** Something was measured and failed its check: one line on stderr, exit code 1. */
export class CheckError extends Error {
  override readonly name = "CheckError";
}

/** The text of an unknown name: what was found, the nearest known one, and all known ones. */
export function unknownName(kind: string, found: string, known: readonly string[]): InputError {
  const near = nearest(found, known);
  const hint = near === undefined ? "" : `did you mean "${near}"? `;
  return new InputError(`Unknown ${kind} "${found}": ${hint}Known: ${known.join(", ")}`);
}

function nearest(found: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(found.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(found, name);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance by rows. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, swap));
    }
    row = next;
  }
  return row[b.length]!;
}
