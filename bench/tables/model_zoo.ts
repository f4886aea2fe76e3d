/** The networks of SPVNAS' model zoo beside what was published of them. */
import { countParams } from "../../models/count.ts";
import { zooModel } from "../../models/registry.ts";
import readme from "../../reports/published/tables/spvnas-readme-zoo.json" with { type: "json" };
import paper6 from "../../reports/published/tables/spvnas-6.json" with { type: "json" };
import paper7 from "../../reports/published/tables/spvnas-7.json" with { type: "json" };
import thesis35 from "../../reports/published/tables/thesis-3.5.json" with { type: "json" };
import thesis37 from "../../reports/published/tables/thesis-3.7.json" with { type: "json" };
import { printedNumber, type PublishedTable } from "../../reports/published/schema.ts";
import type { BenchTable } from "../../reports/schema.ts";
import { caseName } from "../case.ts";
import { peakBytes, zooCase, zooEndToEndCase } from "../cases/zoo.ts";
import { sourceOf, type TableRun, type TableSpec, whyMissing } from "../table.ts";
import { boxTables } from "./model_zoo_boxes.ts";

type Cells = BenchTable["rows"][number];

const READMES = "SemanticKITTI_val_";

/** By family and millions of parameters as papers print them: the network of the zoo. */
const NETWORKS: Readonly<Record<string, string>> = {
  "MinkUNet 2.2": "SemanticKITTI_MinkUNet_cr0.32",
  "MinkUNet 5.5": `${READMES}MinkUNet@29GMACs`,
  "MinkUNet 8.8": `${READMES}MinkUNet@46GMACs`,
  "MinkUNet 21.7": `${READMES}MinkUNet@114GMACs`,
  "SPVCNN 2.2": "SemanticKITTI_SPVCNN_cr0.32",
  "SPVCNN 5.5": `${READMES}SPVCNN@30GMACs`,
  "SPVCNN 8.8": `${READMES}SPVCNN@47GMACs`,
  "SPVCNN 21.8": `${READMES}SPVCNN@119GMACs`,
};

const CASES = Object.values(NETWORKS).map((model) => ({
  model,
  network: zooCase(model),
  endToEnd: zooEndToEndCase(model),
}));

/** Table 3.7 of the thesis: the same widths with nuScenes' classes. */
const NUSCENES: Readonly<Record<string, string>> = {
  "MinkUNet 21.7": "nuScenes_MinkUNet",
  "SPVCNN 21.8": "nuScenes_SPVCNN",
};

const SEARCHED = "its net.config was never published in code: `eval model` runs it when given";

/** The zoo's network of a published row, or why there is none. */
function networkOf(
  names: Readonly<Record<string, string>>,
  name: string,
  params: string,
): string | { readonly reason: string } {
  if (/SPVNAS/.test(name)) return { reason: SEARCHED };
  const family = /SPVCNN/.test(name) ? "SPVCNN" : /Mink/.test(name) ? "MinkUNet" : "";
  return names[`${family} ${printedNumber(params)}`] ?? { reason: "not in the zoo" };
}

const COLUMNS: BenchTable["columns"] = [
  { key: "name", title: "network", kind: "label" },
  { key: "params", title: "#Params", unit: "M", kind: "published" },
  { key: "macs", title: "#MACs", unit: "G", kind: "published" },
  { key: "latency", title: "latency", unit: "ms", kind: "published" },
  { key: "miou", title: "mIoU", kind: "published" },
  { key: "ownParams", title: "#Params", kind: "measured" },
  { key: "ownMacs", title: "#MACs", unit: "G", kind: "measured" },
];

/** Measured columns of one engine. */
function engineColumns(engine: string): BenchTable["columns"] {
  return [
    { key: `${engine}Ms`, title: engine, unit: "ms", kind: "measured", maps: "inside" },
    { key: `${engine}Mb`, title: `${engine} peak`, unit: "MB", kind: "measured" },
  ];
}

/** What is known here of a network of the zoo. */
function measured(model: string, { rows }: TableRun, engines: readonly string[]): Cells {
  const ownParams = countParams(zooModel(model).build());
  const found = CASES.find((item) => item.model === model);
  if (found === undefined) return { ownParams, ownMacs: "scans of nuScenes are needed" };
  const { network, endToEnd } = found;
  const gmac = rows.all(network).map(({ params }) => params["gmac"]).find((n) => n !== undefined);
  const cells: Record<string, Cells[string]> = {
    ownParams,
    ownMacs: gmac as number | undefined ?? "not run",
    endToEnd: rows.one(endToEnd)?.medianMs ?? whyMissing(rows.one(endToEnd)),
  };
  for (const engine of engines) {
    const row = rows.one(network, engine);
    const bytes = peakBytes.get(`${caseName(network)}/${engine}`);
    cells[`${engine}Ms`] = row?.medianMs ?? whyMissing(row);
    cells[`${engine}Mb`] = bytes === undefined ? null : Math.round(bytes / 1e6);
  }
  return cells;
}

/** A published table, its columns by name. */
interface Source {
  readonly id: string;
  readonly table: PublishedTable;
  readonly names: Readonly<Record<string, string>>;
}

const SOURCES: readonly Source[] = ([
  ["model-zoo", readme, NETWORKS],
  ["model-zoo-test", paper6, NETWORKS],
  ["model-zoo-val", paper7, NETWORKS],
  ["model-zoo-thesis", thesis35, NETWORKS],
  ["model-zoo-nuscenes", thesis37, NUSCENES],
] as const).map(([id, table, names]) => ({ id, table: table as PublishedTable, names }));

function zooTable({ id, table, names }: Source, run: TableRun): BenchTable {
  const { columns, rows, caption, hardware } = table;
  const timed = CASES.flatMap(({ network }) => run.rows.all(network));
  const engines = [...new Set(timed.map(({ variant }) => variant))];
  const at = (title: string) => columns.findIndex((column) => column.title.startsWith(title));
  const [params, macs, latency, miou] = ["#Params", "#MACs", "Latency", "mIoU"].map(at);
  const cell = (row: readonly (string | null)[], index: number) =>
    index < 0 ? null : printedNumber(row[index]);
  return {
    id,
    title: caption,
    source: sourceOf(table, hardware === undefined ? "" : `Published times are of an ${hardware}`),
    columns: [
      ...COLUMNS,
      ...engines.flatMap(engineColumns),
      { key: "endToEnd", title: "points to labels", unit: "ms", kind: "measured" },
      { key: "ownMiou", title: "mIoU", kind: "measured" },
    ],
    rows: rows.map((row) => {
      const model = networkOf(names, row[0]!, row[params!] ?? "");
      const here = typeof model === "string"
        ? measured(model, run, engines)
        : { ownParams: model.reason };
      return {
        name: row[0]!,
        params: cell(row, params!),
        macs: cell(row, macs!),
        latency: cell(row, latency!),
        miou: cell(row, miou!),
        ...here,
        ownMiou: typeof model === "string" ? "needs weights: `eval model`" : null,
      };
    }),
    notes: notes(run),
  };
}

function notes({ context: { data, threads } }: TableRun): string[] {
  return [
    `#MACs here are of one scan, ${
      data.more?.["scan"] ?? data.name
    }; published ones are means of a ` +
    "data set. SemanticKITTI 08/000000 has 1.21 times the published mean, in every width.",
    "cr 0.5 has 5.44 M (MinkUNet) and 5.45 M (SPVCNN) parameters in the authors' code; 5.5 is printed.",
    `Times are medians with ${threads} threads, maps made in the run, weights random; points to ` +
    "labels adds voxelizing and the class of every point. Published times are of other machines.",
    "Peak is what the buffers of a pass take: activations, coordinates, maps and pair lists, without " +
    "weights and the kernels' scratch.",
  ];
}

/** The tables. */
export const modelZoo: TableSpec = {
  about:
    "SPVNAS' model zoo and detection networks: parameters, multiply-adds, time and memory beside the published ones",
  backends: ["cpu", "cuda"],
  cases: CASES.flatMap(({ network, endToEnd }) => [network, endToEnd]),
  build: (run) => [...SOURCES.map((source) => zooTable(source, run)), ...boxTables()],
};
