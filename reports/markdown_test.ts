import { assertEquals } from "@std/assert";
import { code, escapeText, fenced, link, page, table } from "./markdown.ts";

Deno.test("escapeText() keeps pipes, newlines, markup and HTML as plain text", () => {
  assertEquals(escapeText("a|b\n c"), "a\\|b c");
  assertEquals(escapeText("*x* [y] `z` ~~w~~ \\"), "\\*x\\* \\[y\\] \\`z\\` \\~\\~w\\~\\~ \\\\");
  assertEquals(escapeText("<b> & </b>"), "&lt;b&gt; &amp; &lt;/b&gt;");
});

Deno.test("escapeText() leaves the underscores inside a name", () => {
  assertEquals(escapeText("sparse_conv _x_"), "sparse_conv \\_x\\_");
});

Deno.test("code() falls back to entities where a code span cannot hold the text", () => {
  assertEquals(code("voxel_mean"), "`voxel_mean`");
  assertEquals(code("a|b"), "<code>a&#124;b</code>");
  assertEquals(code("a`\\"), "<code>a&#96;&#92;</code>");
  assertEquals([code("a\nb"), code(" ")], ["`a b`", ""]);
});

Deno.test("fenced() takes a fence longer than any in the text", () => {
  assertEquals(fenced("ls\n", "sh"), "```sh\nls\n```");
  assertEquals(fenced("````"), "`````\n````\n`````");
});

Deno.test("link() escapes its text and encodes its path", () => {
  assertEquals(link("a [b]", "x y/(z).md"), "[a \\[b\\]](x%20y/%28z%29.md)");
});

Deno.test("table() aligns columns by characters and fills short rows", () => {
  const text = table([{ title: "op" }, { title: "ms", align: "right" }], [["é", "1"], [
    "long name",
  ]]);
  assertEquals(
    text,
    [
      "| op        |  ms |",
      "| --------- | --: |",
      "| é         |   1 |",
      "| long name |     |",
    ].join("\n"),
  );
});

Deno.test("page() puts one empty line between blocks and none for empty ones", () => {
  assertEquals(page("# a", "", "b\n").split("-->\n").at(-1), "\n# a\n\nb\n");
});
