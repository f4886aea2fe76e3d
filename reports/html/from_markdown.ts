/**
 * The Markdown that this room writes as HTML: headings, paragraphs, tables, lists, quotes, fenced
 * blocks, pictures; inline code, links and bold. Nothing else occurs in generated pages, and what
 * is not known stays text.
 */

/** Where links and pictures of a page lead, in the document that it becomes part of. */
export interface Targets {
  /** The address for a link as it stands in the page; null shows its text alone. */
  link(path: string): string | null;
  /** The HTML of a picture; null shows its text alone. */
  picture(path: string): string | null;
}

/** A heading and what stands below it, up to the next heading. */
export interface Block {
  /** 1 to 6; 0 for what stands above the first heading. */
  readonly level: number;
  /** Inline HTML. */
  readonly title: string;
  readonly html: string;
}

/** A page as blocks, in its order. */
export function blocksOf(markdown: string, targets: Targets): Block[] {
  const blocks: Block[] = [{ level: 0, title: "", html: "" }];
  for (const lines of paragraphs(markdown)) {
    const [, marks, title] = /^(#{1,6}) (.*)$/.exec(lines[0]!) ?? [];
    if (marks !== undefined) {
      blocks.push({ level: marks.length, title: inline(title!, targets), html: "" });
      continue;
    }
    const last = blocks.pop()!;
    blocks.push({ ...last, html: `${last.html}${paragraphHtml(lines, targets)}\n` });
  }
  return blocks.filter(({ level, html }) => level > 0 || html !== "");
}

/** Text for an HTML document, also inside a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** The lines between empty lines; a fenced block is one whatever it holds. */
function* paragraphs(markdown: string): Generator<string[]> {
  let lines: string[] = [];
  let fence = "";
  // Comments are the marks of generated files.
  for (const line of markdown.replaceAll(/^<!--.*-->$/gm, "").split("\n")) {
    const [mark] = /^`{3,}/.exec(line) ?? [];
    if (fence === "" && mark !== undefined) fence = mark;
    else if (fence !== "" && line === fence) fence = "";
    if (line !== "" || fence !== "") lines.push(line);
    else if (lines.length > 0) {
      yield lines;
      lines = [];
    }
  }
  if (lines.length > 0) yield lines;
}

function paragraphHtml(lines: string[], targets: Targets): string {
  const first = lines[0]!;
  if (first.startsWith("```")) {
    return `<pre><code>${escapeHtml(lines.slice(1, -1).join("\n"))}</code></pre>`;
  }
  if (first.startsWith("|")) return tableHtml(lines, targets);
  if (first.startsWith("> ")) {
    const text = lines.map((line) => line.replace(/^> ?/, "")).join("\n");
    return `<blockquote>${inline(text, targets)}</blockquote>`;
  }
  if (first.startsWith("- ")) {
    // A line that does not begin an item goes on with the one before.
    const items = lines.join("\n").split(/^- /m).slice(1);
    return `<ul>${items.map((item) => `<li>${inline(item.trim(), targets)}</li>`).join("")}</ul>`;
  }
  const html = inline(lines.join("\n"), targets);
  return html.startsWith("<figure") ? html : `<p>${html}</p>`;
}

function tableHtml([head, rule, ...rows]: string[], targets: Targets): string {
  const right = cellsOf(rule ?? "").map((cell) => cell.endsWith(":"));
  const row = (line: string, tag: "th" | "td") =>
    cellsOf(line).map((cell, j) =>
      `<${tag}${right[j] === true ? ' class="number"' : ""}>${inline(cell, targets)}</${tag}>`
    ).join("");
  const body = rows.map((line) => `<tr>${row(line, "td")}</tr>`).join("\n");
  return `<div class="table"><table><thead><tr>${row(head!, "th")}</tr></thead>\n` +
    `<tbody>${body}</tbody></table></div>`;
}

/** The cells of a row: pipes with a backslash before them are text. */
function cellsOf(line: string): string[] {
  return [...line.slice(1).matchAll(/((?:\\.|[^|\\])*)\|/g)].map(([, cell]) => cell!.trim());
}

const INLINE =
  /\\([!-/:-@[-`{-~])|`([^`]*)`|\*\*(.+?)\*\*|(!?)\[((?:\\.|[^\]\\])*)\]\(([^)]*)\)|<(code)>(.*?)<\/code>|[<>"]/gs;

function inline(text: string, targets: Targets): string {
  return text.replaceAll(
    INLINE,
    (all, escaped, code, bold, bang, label, path, codeTag, entities) => {
      if (escaped !== undefined) return escapeHtml(escaped);
      if (code !== undefined) return `<code>${escapeHtml(code)}</code>`;
      if (bold !== undefined) return `<strong>${inline(bold, targets)}</strong>`;
      if (codeTag !== undefined) return `<code>${entities.replaceAll(/[<>]/g, escapeHtml)}</code>`;
      if (label === undefined) return escapeHtml(all);
      const shown = inline(label, targets);
      if (bang === "!") return targets.picture(path) ?? shown;
      const href = targets.link(path);
      return href === null ? shown : `<a href="${escapeHtml(href)}">${shown}</a>`;
    },
  );
}
