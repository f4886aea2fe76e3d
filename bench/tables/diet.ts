/** Pruned networks beside Tables 2, 4, 5 and 6 of the Diet paper. */
import table2 from "../../reports/published/tables/diet-2.json" with { type: "json" };
import table4 from "../../reports/published/tables/diet-4.json" with { type: "json" };
import table5 from "../../reports/published/tables/diet-5.json" with { type: "json" };
import table6 from "../../reports/published/tables/diet-6.json" with { type: "json" };
import { DOCUMENTS } from "../../reports/published/documents.ts";
import { printedNumber } from "../../reports/published/schema.ts";
import type { BenchTable } from "../../reports/schema.ts";
import { prunedParams } from "../../models/prune.ts";
import { DIET_NETWORKS, prunedCase } from "../cases/pruned.ts";
import { type TableRun, type TableSpec, whyMissing } from "../table.ts";

type Cells = BenchTable["rows"][number];
type Row = readonly (string | null)[];

/** Table 5: whole, pruned on the same kernels, pruned on kernels that skip zeros. */
const TIMED = ["Res16UNet34C", "SPVCNN"].map((name) => ({
  name,
  whole: prunedCase(name, 0, false),
  dense: prunedCase(name, 0.99, false),
  ws3: prunedCase(name, 0.99, true),
}));

/** Blocks that Table 6 cuts down to the z axis, row by row: none, and none, then from the last one on. */
const CUT = table6.rows.map((row) =>
  table6.columns.flatMap(({ title }, i) =>
    /^B\d$/.test(title) && row[i] !== null ? [title.replace("B", "block")] : []
  )
);

/** Table 6: the network whole, pruned, and pruned with ever more blocks cut. */
const CUT_CASES = CUT.map((blocks, i) =>
  i === 0 ? TIMED[0]!.whole : prunedCase("Res16UNet34C", 0.99, true, blocks)
);

/** Rows of a table with the network that they belong to and how much of it is pruned. */
function named(rows: readonly Row[]): { network: string; rate: number; row: Row }[] {
  let network = "";
  return rows.map((row) => {
    const rate = /(\d+)% pruning rate/.exec(row[0]!)?.[1];
    if (rate === undefined) network = row[0]!;
    return { network, rate: Number(rate ?? 0) / 100, row };
  });
}

const title = (network: string, rate: number) =>
  rate === 0 ? network : `${network}, ${Math.round(100 * rate)} % pruned`;

const has = (network: string) => Object.hasOwn(DIET_NETWORKS, network);

const source = (number: string) => ({ document: DOCUMENTS.diet, number, note: "" });

/** Tables 2 and 4: parameters; scores need the authors' pruned weights, which were never released. */
function paramsTable(id: string, table: typeof table2): BenchTable {
  const miou = table.columns.findIndex((column) => /mIoU/.test(column.title));
  return {
    id,
    title: table.caption,
    source: source(table.number),
    columns: [
      { key: "name", title: "network", kind: "label" },
      { key: "params", title: "#Params", unit: "M", kind: "published" },
      { key: "miou", title: table.columns[miou]!.title, unit: "%", kind: "published" },
      { key: "own", title: "#Params", unit: "M", kind: "measured" },
    ],
    rows: named(table.rows).map(({ network, rate, row }) => ({
      name: title(network, rate),
      params: printedNumber(row[1]),
      miou: printedNumber(row[miou]),
      own: has(network)
        ? prunedParams(DIET_NETWORKS[network]!(), rate) / 1e6
        : "not in this project",
    })),
    notes: [
      "Convolution weights are pruned, by magnitude over all layers together; biases and norms stay.",
      "Networks here have 19 classes and 4 input channels.",
      "The authors' pruned weights were never released, so that no score can be measured.",
    ],
  };
}

function timeTable(run: TableRun): BenchTable {
  const [params, flops, latency] = [6, 7, 8];
  return {
    id: "diet-5",
    title: table5.caption,
    source: source(table5.number),
    columns: [
      { key: "name", title: "network", kind: "label" },
      { key: "kernels", title: "convolutions", kind: "label" },
      { key: "params", title: "#Params", unit: "M", kind: "published" },
      { key: "flops", title: "#FLOPs", unit: "G", kind: "published" },
      { key: "latency", title: "latency", unit: "s", kind: "published" },
      { key: "ownFlops", title: "#FLOPs of the dense one", unit: "G", kind: "measured" },
      { key: "ms", title: "time", unit: "ms", kind: "measured", maps: "inside" },
    ],
    rows: named(table5.rows).map(({ network, rate, row }): Cells => {
      const skips = row[2] !== null;
      const timed = TIMED.find(({ name }) => name === network);
      const item = timed && (rate === 0 ? timed.whole : skips ? timed.ws3 : timed.dense);
      const found = item && run.rows.one(item);
      const gmac = found?.params["gmac"] as number | undefined;
      return {
        name: title(network, rate),
        kernels: skips ? "WS3" : "dense",
        params: printedNumber(row[params]),
        flops: printedNumber(row[flops]),
        latency: printedNumber(row[latency]),
        ownFlops: gmac === undefined ? null : 2 * gmac,
        ms: item === undefined ? "its net.config was never released" : found?.medianMs ??
          whyMissing(found),
      };
    }),
    notes: [
      `One scan, ${
        run.context.data.more?.["scan"] ?? run.context.data.name
      }; published numbers are ` +
      "means over SemanticKITTI. WS3 is a convolution that skips weights that are 0.",
      "Times hold the maps, which are made in the run, and all layers; published ones are of other " +
      "machines.",
    ],
  };
}

function cutTable(run: TableRun): BenchTable {
  const printed = (row: Row, title: string) =>
    printedNumber(row[table6.columns.findIndex((column) => column.title === title)]);
  const found = CUT_CASES.map((item) => run.rows.one(item));
  const unpruned = found[0]?.medianMs ?? null;
  const ratio = (whole: number | null, part: number | null) =>
    whole === null || part === null ? null : whole / part;
  return {
    id: "diet-6",
    title: table6.caption,
    source: source(table6.number),
    columns: [
      { key: "cut", title: "blocks along z", kind: "label" },
      { key: "miou", title: "mIoU", unit: "%", kind: "published" },
      { key: "latency", title: "latency", unit: "s", kind: "published" },
      { key: "speedup", title: "speed, dense = 1", kind: "published" },
      { key: "ms", title: "time", unit: "ms", kind: "measured", maps: "inside" },
      { key: "ownSpeedup", title: "speed, dense = 1", kind: "measured" },
    ],
    rows: table6.rows.map((row, i): Cells => {
      const ms = found[i]?.medianMs ?? null;
      const latency = printed(row, "Latency");
      const speedup = ratio(printed(table6.rows[0]!, "Latency"), latency);
      return {
        cut: i === 0 ? "dense network" : cutText(CUT[i]!),
        miou: printed(row, "mIoU"),
        latency,
        speedup: speedup === null ? null : Number(speedup.toFixed(2)),
        ms: ms ?? whyMissing(found[i]),
        ownSpeedup: ratio(unpruned, ms),
      };
    }),
    notes: [
      "99 % of the weights are 0, but for the dense network; in the named blocks all offsets off the z " +
      "axis are 0 as well. All but the dense one run on convolutions that skip zeros, WS3.",
      "Published times are of ScanNet, on a CPU; their speed is computed from them. Here: one scan, " +
      "maps made in the run. The authors' weights were never released: ours are seeded and pruned by " +
      "magnitude, so that the zeros of a layer are spread evenly.",
    ],
    chart: { bars: "cut", series: ["speedup", "ownSpeedup"], axis: "times as fast as dense" },
  };
}

/** "none", "B8", "B6 to B8". */
function cutText(blocks: readonly string[]): string {
  const [first, last] = [blocks[0], blocks.at(-1)].map((name) => name?.replace("block", "B"));
  if (first === undefined) return "none";
  return first === last ? first : `${first} to ${last}`;
}

/** The tables. */
export const diet: TableSpec = {
  about: "pruned networks: parameters left, and time with kernels that skip zeros",
  backends: ["cpu"],
  cases: [...TIMED.flatMap(({ whole, dense, ws3 }) => [whole, dense, ws3]), ...CUT_CASES.slice(2)],
  build: (run) => [
    paramsTable("diet-2", table2),
    paramsTable("diet-4", table4 as typeof table2),
    timeTable(run),
    cutTable(run),
  ],
};
