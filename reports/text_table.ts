/** Tables for a terminal: plain text in columns that fit a width. */
import { pad, width } from "./markdown.ts";

/** Paints a piece of text that is already in its place: widths are counted before. */
export type Paint = (text: string) => string;

/** A cell; `paint` colours it without changing its width. */
export interface TextCell {
  readonly text: string;
  readonly paint?: Paint;
}

/** A column of a terminal table. */
export interface TextColumn {
  readonly title: string;
  readonly align?: "left" | "right";
}

const GAP = "  ";

/**
 * Lines of a table at most `columns` wide: a table that is too wide is cut between columns and goes
 * on below, with its first column again; text that is too long for one line ends in "…".
 */
export function textTable(
  head: readonly TextColumn[],
  rows: readonly (readonly TextCell[])[],
  columns: number,
  paintHead: Paint,
): string[] {
  const widths = head.map(({ title }, j) =>
    Math.max(width(title), ...rows.map((row) => width(row[j]?.text ?? "")))
  );
  // The first column repeats, so it leaves room for at least one other.
  widths[0] = Math.min(widths[0]!, Math.floor(columns / 2));
  const lines: string[] = [];
  for (const part of parts(widths, columns)) {
    const line = (cells: readonly TextCell[]) =>
      part.map((j, k) => {
        const { text, paint } = cells[j] ?? { text: "" };
        const room = k === 0 ? widths[j]! : Math.min(widths[j]!, columns - widths[0]! - GAP.length);
        const cell = pad(cut(text, room), room, head[j]!.align);
        // No blanks at the end of a line: they wrap in a narrow window.
        const shown = k === part.length - 1 ? cell.trimEnd() : cell;
        return paint === undefined ? shown : paint(shown);
      }).join(GAP);
    if (lines.length > 0) lines.push("");
    lines.push(paintHead(line(head.map(({ title }) => ({ text: title })))));
    lines.push(...rows.map((row) => line(row).trimEnd()));
  }
  return lines;
}

/** Column numbers of each part; every part starts with column 0. */
function parts(widths: readonly number[], columns: number): number[][] {
  const found: number[][] = [[0]];
  let used = widths[0]!;
  for (let j = 1; j < widths.length; j++) {
    const need = GAP.length + widths[j]!;
    if (used + need > columns && found.at(-1)!.length > 1) {
      found.push([0]);
      used = widths[0]!;
    }
    found.at(-1)!.push(j);
    used += need;
  }
  return found;
}

/** At most `room` characters. */
export function cut(text: string, room: number): string {
  return width(text) <= room ? text : `${[...text].slice(0, Math.max(0, room - 1)).join("")}…`;
}

/** Breaks text at blanks into lines of at most `room` characters; a longer word is cut. */
export function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const joined = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && width(joined) <= room) lines[lines.length - 1] = joined;
    else lines.push(cut(word, room));
  }
  return lines;
}
