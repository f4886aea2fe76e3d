/** The frame of a self-contained HTML document: nothing in it is fetched from anywhere. */
import { escapeHtml } from "./from_markdown.ts";

/** Parts of a document; the head's parts are our own files, the body is HTML. */
export interface DocumentParts {
  readonly title: string;
  readonly style: string;
  readonly body: string;
  /** Elements at the end of the body. */
  readonly scripts: readonly string[];
}

/** The document as text. */
export function htmlDocument({ title, style, body, scripts }: DocumentParts): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>
${style.trim()}
</style>
</head>
<body>
${body.trim()}
${scripts.join("\n")}
</body>
</html>
`;
}

/** A script of ours as an element. */
export function scriptElement(text: string, type: "module" | "text/javascript"): string {
  return `<script type="${type}">\n${text.trim()}\n</script>`;
}
