/** The detection networks of the thesis' Tables 3.8, 3.9 and 5.1 beside what was published of them. */
import { Context } from "../../ffi/mod.ts";
import { countLayers, countParams } from "../../models/count.ts";
import { DETECTORS } from "../../models/detection/registry.ts";
import type { Network } from "../../models/network.ts";
import { Scene } from "../../models/scene.ts";
import thesis38 from "../../reports/published/tables/thesis-3.8.json" with { type: "json" };
import thesis39 from "../../reports/published/tables/thesis-3.9.json" with { type: "json" };
import thesis51 from "../../reports/published/tables/thesis-5.1.json" with { type: "json" };
import { printedNumber, type PublishedTable } from "../../reports/published/schema.ts";
import type { BenchTable } from "../../reports/schema.ts";
import { sourceOf } from "../table.ts";

/** By the printed name, the detector of `eval model`. */
type Names = Readonly<Record<string, string>>;

const SOURCES = [
  ["model-zoo-two-stage", thesis38, {}],
  ["model-zoo-one-stage", thesis39, { SECOND: "KITTI_SECOND", SPVCNN: "KITTI_SPVCNN_SECOND" }],
  ["model-zoo-nuscenes-boxes", thesis51, {
    CenterPoint: "nuScenes_CenterPoint_0.075",
    BEVFusion: "nuScenes_BEVFusion",
  }],
] as const satisfies readonly (readonly [string, object, Names])[];

/** Their #Params here, and the #MACs of the layers that every scan has in full. */
export function boxTables(): BenchTable[] {
  return SOURCES.map(([id, table, names]) => boxTable(id, table as PublishedTable, names));
}

function boxTable(id: string, table: PublishedTable, names: Names): BenchTable {
  const { columns, rows, caption, hardware } = table;
  const published = columns.slice(1).map(({ title, unit }, i) => ({
    key: `published${i}`,
    title,
    ...(unit && { unit }),
    kind: title === "Modality" ? "label" as const : "published" as const,
  }));
  return {
    id,
    title: caption,
    source: sourceOf(table, hardware === undefined ? "" : `Published times are of an ${hardware}`),
    columns: [
      { key: "name", title: "network", kind: "label" },
      ...published,
      { key: "ownParams", title: "#Params", kind: "measured" },
      { key: "denseMacs", title: "dense #MACs", unit: "G", kind: "measured" },
      { key: "ownScore", title: "score", kind: "measured" },
    ],
    rows: rows.map((row) => ({
      name: row[0]!,
      ...Object.fromEntries(
        published.map(({ key, kind }, i) => [
          key,
          kind === "label" ? row[i + 1]! : printedNumber(row[i + 1]),
        ]),
      ),
      ...own(names[row[0]!]),
    })),
    notes: [
      "Dense #MACs are those of images and BEV maps, the same for every scan; published ones are of " +
      "the whole network. Published tables name no #Params.",
    ],
  };
}

function own(name: string | undefined) {
  if (name === undefined) {
    return { ownParams: "not in this project", denseMacs: null, ownScore: null };
  }
  const network = DETECTORS[name]!.build();
  return {
    ownParams: countParams(network),
    denseMacs: denseGmacs(network),
    ownScore: `needs weights: \`eval model ${name}\``,
  };
}

/** Their number depends on no scan: one voxel stands for it. */
function denseGmacs({ layers }: Network): number {
  using ctx = new Context("cpu", { threads: 1 });
  using coords = ctx.tensorFrom("i32", [1, 4], Int32Array.of(0, 5, 6, 7));
  using scene = new Scene(ctx, { coords });
  const dense = layers.filter(({ to }) => to.space.kind === "grid");
  return countLayers({ layers: dense }, scene).reduce((sum, { macs }) => sum + macs, 0) / 1e9;
}
