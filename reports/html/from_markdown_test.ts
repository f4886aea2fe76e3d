import { assert, assertEquals } from "@std/assert";
import { code, escapeText, fenced, image, link, page, table } from "../markdown.ts";
import { blocksOf, type Targets } from "./from_markdown.ts";

const targets: Targets = {
  link: (path) => path === "known.md" ? "#known" : null,
  picture: (path) => `<figure>${path}</figure>`,
};
const html = (...blocks: string[]) =>
  blocksOf(page(...blocks), targets).map((block) => block.html.trim()).join("");

Deno.test("blocksOf() cuts a page at its headings", () => {
  const blocks = blocksOf(page("before", "# One `x`", "a", "b", "## Two"), targets);
  assertEquals(blocks.map(({ level, title }) => [level, title]), [
    [0, ""],
    [1, "One <code>x</code>"],
    [2, "Two"],
  ]);
  assertEquals(blocks[1]!.html, "<p>a</p>\n<p>b</p>\n");
});

Deno.test("blocksOf() shows every text that markdown.ts writes as it was", () => {
  const hostile = "a|b <script>alert(1)</script> &amp; `x` *y* _z_ [q](w) ~s~ \\ \"'";
  const named: Record<string, string> = { lt: "<", gt: ">", amp: "&" };
  const shown = (text: string) =>
    text.replaceAll(/<[^>]*>/g, "").replaceAll(
      /&(?:#(\d+)|(\w+));/g,
      (_, number, name) => number === undefined ? named[name]! : String.fromCharCode(number),
    );
  const found = html(table([{ title: hostile }], [[escapeText(hostile)], [code(hostile)]]));
  assertEquals(found.match(/<t[hd]>/g)?.length, 3);
  assertEquals(shown(found).split(hostile).length, 4);
  assert(!found.includes("<script"), found);
  const block = html(fenced("a\n\n| b | `</code><b>`", "sh"));
  assertEquals(shown(block), "a\n\n| b | `</code><b>`");
  assert(!block.includes("<b>"));
});

Deno.test("blocksOf() makes tables with numbers at the right, lists, quotes, pictures and links", () => {
  assertEquals(
    html(table([{ title: "a" }, { title: "b", align: "right" }], [["x", "1"]])),
    '<div class="table"><table><thead><tr><th>a</th><th class="number">b</th></tr></thead>\n' +
      '<tbody><tr><td>x</td><td class="number">1</td></tr></tbody></table></div>',
  );
  assertEquals(
    html("- a\n  more\n- **b**"),
    "<ul><li>a\n  more</li><li><strong>b</strong></li></ul>",
  );
  assertEquals(html("> **Warning:** c"), "<blockquote><strong>Warning:</strong> c</blockquote>");
  assertEquals(html(image("alt", "x/y.svg")), "<figure>x/y.svg</figure>");
  assertEquals(
    html(`${link("in", "known.md")} ${link("out", "other.md")}`),
    '<p><a href="#known">in</a> out</p>',
  );
});
