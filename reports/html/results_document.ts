/** All newest results, their charts and the published tables as one HTML document. */
import { benchPage, type PageFile } from "../bench_page.ts";
import { evalPage } from "../eval_page.ts";
import { historyPages } from "../history_page.ts";
import { indexPage, type Stored } from "../index_page.ts";
import { plural } from "../numbers.ts";
import { DOCUMENTS } from "../published/documents.ts";
import type { PublishedTable } from "../published/schema.ts";
import { publishedPages } from "../published_page.ts";
import type { BenchResult, EvalResult } from "../schema.ts";
import { figure } from "./chart.ts";
import { htmlDocument, scriptElement } from "./document.ts";
import { type Block, blocksOf, escapeHtml } from "./from_markdown.ts";

/** What the document is made of: stored results, published tables, and our own files. */
export interface ResultsInput {
  readonly bench: readonly Stored<BenchResult>[];
  readonly scores: readonly Stored<EvalResult>[];
  readonly published: readonly PublishedTable[];
  readonly style: string;
  /** Sorts and filters the tables. */
  readonly script: string;
}

/** A page in the document. */
interface Part {
  readonly path: string;
  readonly blocks: readonly Block[];
}

/** The document; the same input gives the same bytes. */
export async function resultsDocument(input: ResultsInput): Promise<string> {
  const { bench, scores, published } = input;
  const runs = newestOfEach(bench, ({ context }) => context.date);
  const evals = newestOfEach(scores, ({ context }) => context?.date ?? "");
  const pages: PageFile[] = [indexPage(bench, scores)];
  for (const { name, result } of runs) pages.push(...await benchPage(result, name));
  for (const { name, result } of evals) pages.push(...evalPage(result, name));
  pages.push(...await historyPages(bench));
  const papers = publishedPages(published, bench);
  const parts = partsOf([...pages, ...papers]);
  const own = parts.filter(({ path }) => !path.startsWith("published/"));
  const theirs = new Map(parts.map((part) => [part.path, part]));
  const body = `<header>
<p class="brand">Voxmark</p>
<label class="filter" hidden>Filter <input type="search" placeholder="op, variant, paper …"></label>
<p class="found" role="status"></p>
</header>
<div class="page">
<nav aria-label="Contents">${contents(own)}</nav>
<main>
${own.map(partHtml).join("\n")}
${publishedHtml(published, theirs)}
</main>
</div>`;
  const scripts = [scriptElement(input.script, "text/javascript")];
  return htmlDocument({ title: "Voxmark results", style: input.style, body, scripts });
}

/**
 * The newest result of each file name: results are stored as DATE/NAME.json, so a name is one
 * machine and one kind of run.
 */
function newestOfEach<T>(items: readonly Stored<T>[], dateOf: (item: T) => string): Stored<T>[] {
  const time = ({ result }: Stored<T>) => Date.parse(dateOf(result)) || 0;
  const newest = new Map<string, Stored<T>>();
  for (const item of items) {
    const key = item.name.split("/").at(-1)!;
    const known = newest.get(key);
    if (known === undefined || time(known) <= time(item)) newest.set(key, item);
  }
  return [...newest.values()].sort((a, b) => time(b) - time(a) || (a.name < b.name ? -1 : 1));
}

/** The Markdown pages as blocks, with the charts that they show. */
function partsOf(files: readonly PageFile[]): Part[] {
  const text = new Map(files.map((file) => [file.path, file.text]));
  let charts = 0;
  return files.filter(({ path }) => path.endsWith(".md")).map(({ path, text: markdown }) => {
    const resolved = (to: string) => new URL(to, `file:///${path}`).pathname.slice(1);
    const blocks = blocksOf(markdown, {
      link: (to) => text.has(resolved(to)) ? `#${anchor(resolved(to))}` : null,
      picture(to) {
        const svg = text.get(resolved(to));
        return svg === undefined ? null : figure(svg, `c${++charts}`, to.split("/").at(-1)!);
      },
    });
    return { path, blocks };
  });
}

/** The id of a page in the document: `bench/20261121/x.md` is `bench-20261121-x`. */
function anchor(path: string): string {
  return path.replace(/\.md$/, "").replaceAll(/[^A-Za-z0-9]+/g, "-");
}

function contents(parts: readonly Part[]): string {
  const links = parts.map(({ path, blocks }) => {
    const below = blocks.slice(1).map(({ title }, i) =>
      `<li><a href="#${anchor(path)}-${i + 1}">${title}</a></li>`
    );
    // Runs of one machine and day share their title: the file's name tells them apart.
    const [, file] = /^(?:bench|eval)\/(?:.*\/)?(.*)\.md$/.exec(path) ?? [];
    const name = file === undefined ? "" : `<small>${escapeHtml(file)}</small>`;
    return `<li><a href="#${anchor(path)}">${blocks[0]!.title}</a>${name}` +
      `<ul>${below.join("")}</ul></li>`;
  });
  return `<ul>${links.join("\n")}<li><a href="#published">Published tables</a></li></ul>`;
}

function partHtml({ path, blocks }: Part): string {
  const sections = blocks.map(({ level, title, html }, i) => {
    const id = i === 0 ? anchor(path) : `${anchor(path)}-${i}`;
    return `<section class="block" id="${id}"><h${level}>${title}</h${level}>\n${html}</section>`;
  });
  return `<article>${sections.join("\n")}</article>`;
}

function publishedHtml(
  tables: readonly PublishedTable[],
  parts: ReadonlyMap<string, Part>,
): string {
  const documents = Object.entries(DOCUMENTS).flatMap(([key, title]) => {
    const own = tables.filter(({ document }) => document === key);
    if (own.length === 0) return [];
    const items = own.map(({ id, number, caption }) => {
      const path = `published/${id}.md`;
      const summary = `<b>${escapeHtml(number)}</b> ${escapeHtml(caption)}`;
      return `<details class="block" id="${anchor(path)}"><summary>${summary}</summary>\n` +
        `${parts.get(path)!.blocks.map(({ html }) => html).join("")}</details>`;
    });
    return [`<h2>${escapeHtml(title)}</h2>`, ...items];
  });
  return `<article id="published"><h1>Published tables</h1>
<p>${plural(tables.length, "table")} as they were printed.</p>
${documents.join("\n")}</article>`;
}
