/** Kernel maps of random clouds by hashing and by sorted search, beside what Minuet published. */
import { publishedTable } from "../../reports/published/load.ts";
import { printedNumber } from "../../reports/published/schema.ts";
import { type Cloud, cloudCase, CLOUDS } from "../cases/random_clouds.ts";
import { sourceOf, type TableRun, type TableSpec, whyMissing } from "../table.ts";

const PUBLISHED = publishedTable("minuet-map-query");
const [TORCHSPARSE, MINUET] = [2, 3];
const CASES = CLOUDS.map((cloud) => ({ cloud, item: cloudCase(cloud) }));

/** The published ratio for the random cloud of that size. */
function printed({ from, voxels }: Cloud, column: number): number | null {
  if (from !== "minuet") return null;
  const row = PUBLISHED.rows.find(([points, size]) =>
    points === "random" && printedNumber(size) === voxels
  );
  return printedNumber(row?.[column]);
}

function build({ rows }: TableRun) {
  return [{
    id: "map-search",
    title: "Submanifold maps of random clouds: hashing and sorted search",
    source: sourceOf(
      PUBLISHED,
      "Speed over MinkowskiEngine's hashing, on a GPU; the mean over four GPUs is not printed",
    ),
    columns: [
      { key: "cloud", title: "cloud", kind: "label" as const },
      { key: "voxels", title: "voxels", kind: "label" as const },
      { key: "torchsparse", title: "TorchSparse over ME", kind: "published" as const },
      { key: "minuet", title: "Minuet over ME", kind: "published" as const },
      { key: "hash", title: "hash", unit: "ms", kind: "measured" as const },
      { key: "sorted", title: "sorted", unit: "ms", kind: "measured" as const },
      { key: "speedup", title: "sorted over hash", kind: "measured" as const },
    ],
    rows: CASES.map(({ cloud, item }) => {
      const [hash, sorted] = [rows.one(item, "hash"), rows.one(item, "sorted")];
      const [slow, fast] = [hash?.medianMs ?? null, sorted?.medianMs ?? null];
      return {
        cloud: `${cloud.from}, ${cloud.voxels.toExponential(0).replace("+", "")}`,
        voxels: cloud.voxels,
        torchsparse: printed(cloud, TORCHSPARSE),
        minuet: printed(cloud, MINUET),
        hash: slow ?? whyMissing(hash),
        sorted: fast ?? whyMissing(sorted),
        speedup: slow === null || fast === null ? null : slow / fast,
      };
    }),
    notes: [
      "minuet: distinct voxels that fill a fifth of a cube. spira: the given number in a cube of 201 " +
      "a side. 3x3x3, one batch, no floats in it. Building the table or sorting is inside the time.",
      "hash and sorted are both ours, on this machine; the published ratios are between engines.",
    ],
    chart: { bars: "cloud", series: ["torchsparse", "minuet", "speedup"], axis: "times as fast" },
  }];
}

/** The table. */
export const mapSearch: TableSpec = {
  about: "kernel maps of random clouds, hashed and sorted, at Minuet's and Spira's sizes",
  backends: ["cpu", "cuda"],
  cases: CASES.map(({ item }) => item),
  variants: (_, known) => known.filter((name) => name === "hash" || name === "sorted"),
  build,
};
