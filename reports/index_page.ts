/** `README.md` of the pages: the newest run of each machine, then everything. */
import { benchTitle, type PageFile } from "./bench_page.ts";
import { evalTitle } from "./eval_page.ts";
import { escapeText, link, page, table } from "./markdown.ts";
import { formatCount, formatValue, MISSING } from "./numbers.ts";
import { type BenchResult, caseState, type EvalResult } from "./schema.ts";

/** A stored result and the path of its page without the ending. */
export interface Stored<T> {
  readonly name: string;
  readonly result: T;
}

/** The index of all pages; says so where nothing is stored yet. */
export function indexPage(
  bench: readonly Stored<BenchResult>[],
  scores: readonly Stored<EvalResult>[],
): PageFile {
  const runs = newestFirst(bench, ({ context }) => context.date);
  const evals = newestFirst(scores, ({ context }) => context?.date ?? "");
  const text = page(
    "# Results",
    "Every page here is made from a stored result by `deno task report`; " +
      "`deno task report --check` tells whether they still agree. " +
      `${link("History", "history.md")}: how times moved over the runs.`,
    "## Newest bench of each machine",
    benchTable(firstOfEach(runs, ({ context }) => `${context.machine}\n${context.gpu ?? ""}`)),
    "## Newest score of each benchmark",
    evalTable(firstOfEach(evals, ({ benchmark }) => benchmark)),
    runs.length + evals.length === 0 ? "" : "## Everything",
    [
      ...runs.map(({ name, result }) => `- ${link(benchTitle(result), `${name}.md`)}`),
      ...evals.map(({ name, result }) => `- ${link(evalTitle(result), `${name}.md`)}`),
    ].join("\n"),
  );
  return { path: "README.md", text };
}

/** Newest first; runs of one time by name, so the order never depends on the file system. */
function newestFirst<T>(items: readonly Stored<T>[], dateOf: (item: T) => string): Stored<T>[] {
  const time = (item: Stored<T>) => Date.parse(dateOf(item.result)) || 0;
  return [...items].sort((a, b) => time(b) - time(a) || (a.name < b.name ? -1 : 1));
}

function firstOfEach<T>(items: readonly Stored<T>[], keyOf: (item: T) => string): Stored<T>[] {
  const seen = new Set<string>();
  return items.filter(({ result }) => {
    const key = keyOf(result);
    return !seen.has(key) && seen.add(key);
  });
}

function benchTable(items: readonly Stored<BenchResult>[]): string {
  if (items.length === 0) return "None stored yet.";
  const columns = [
    { title: "machine" },
    { title: "GPU" },
    { title: "date" },
    { title: "timed", align: "right" as const },
    { title: "failed", align: "right" as const },
    { title: "skipped", align: "right" as const },
    { title: "page" },
  ];
  const rows = items.map(({ name, result: { context, cases } }) => {
    const states = cases.map(caseState);
    const count = (...wanted: string[]) =>
      formatCount(states.filter((state) => wanted.includes(state)).length);
    return [
      escapeText(context.machine),
      escapeText(context.gpu ?? "none"),
      context.date.slice(0, 10),
      count("timed", "unchecked"),
      count("failed"),
      count("skipped"),
      link("page", `${name}.md`),
    ];
  });
  return table(columns, rows);
}

function evalTable(items: readonly Stored<EvalResult>[]): string {
  if (items.length === 0) return "None stored yet.";
  const columns = [
    { title: "benchmark" },
    { title: "metric" },
    { title: "value", align: "right" as const },
    { title: "date" },
    { title: "page" },
  ];
  const rows = items.map(({ name, result: { benchmark, metrics, context } }) => {
    // The first metric is the one the devkit ranks by.
    const [metric, value] = Object.entries(metrics)[0] ?? [MISSING, null];
    const date = context?.date?.slice(0, 10) ?? MISSING;
    const cells = [escapeText(benchmark), escapeText(metric), formatValue(value, 6), date];
    return [...cells, link("page", `${name}.md`)];
  });
  return table(columns, rows);
}
