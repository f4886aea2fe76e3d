/** Charts inside an HTML document. */
import { GENERATED_MARK } from "../markdown.ts";
import { escapeHtml } from "./from_markdown.ts";

/**
 * A chart of `svg.ts` as a figure. Ids get `prefix`: those of all charts share the document. The
 * white ground goes, and the style sheet changes colours of text and grid on a dark page.
 */
export function figure(svg: string, prefix: string, alt: string): string {
  const own = svg.replace(GENERATED_MARK, "").trim()
    .replaceAll(/(id="|url\(#)(clip\d+)/g, (_, before, id) => `${before}${prefix}-${id}`)
    .replace(/<rect width="\d+" height="\d+" fill="white"\/>/, "")
    .replace("<svg ", `<svg role="img" aria-label="${escapeHtml(alt)}" `);
  return `<figure>${own}</figure>`;
}
