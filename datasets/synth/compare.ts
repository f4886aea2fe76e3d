/**
 * Prints the statistics of simulated scans beside those of real ones.
 * deno run --allow-read datasets/synth/compare.ts [<scan>.bin <labels>.label]...
 */
import { print } from "../../std/main.ts";
import type { Scan } from "../scan.ts";
import { simulateScan } from "./mod.ts";
import { density, histogram, ranges, ringStarts } from "./statistics.ts";

const RANGES = [0, 5, 10, 15, 20, 40, 60, 100];
const HEIGHTS = [-100, -2.5, -1.8, -1.6, -1, 0, 1, 2, 100];
const CLASSES: readonly (readonly [name: string, ids: readonly number[]])[] = [
  ["road, parking, lane marking", [40, 44, 60]],
  ["sidewalk", [48]],
  ["terrain", [72]],
  ["building", [50]],
  ["fence", [51]],
  ["vegetation, trunk", [70, 71]],
  ["pole, traffic sign", [80, 81]],
  ["vehicle", [10, 18, 20, 252]],
  ["person, cyclist, bicycle", [11, 30, 31, 253, 254]],
];

type Row = readonly [name: string, value: string];

function rowsOf({ points, semantic }: Scan): Row[] {
  const [fine, coarse] = [density(points, 0.05), density(points, 0.1)];
  const starts = [...ringStarts(points), points.length / 4];
  const sizes = starts.slice(1).map((end, i) => end - starts[i]!);
  const share = (ids: readonly number[]) =>
    100 * semantic!.reduce((sum, id) => sum + (ids.includes(id) ? 1 : 0), 0) / semantic!.length;
  const column = (k: number) => Float64Array.from(semantic!, (_, i) => points[4 * i + k]!);
  const intensity = column(3);
  const percent = (values: number[]) => values.map((v) => v.toFixed(1)).join(" ");
  return [
    ["points", `${points.length / 4}`],
    ["voxels, 5 / 10 cm", `${fine.voxels} / ${coarse.voxels}`],
    ["neighbours, 5 / 10 cm", `${fine.neighbours.toFixed(2)} / ${coarse.neighbours.toFixed(2)}`],
    ["rings", `${sizes.length}`],
    ["points in ring 0, 31, 63", [0, 31, 63].map((k) => `${sizes[k]}`).join(", ")],
    [`% by range, m: ${RANGES.join(" ")}`, percent(histogram(ranges(points), RANGES))],
    [`% by height, m: ${HEIGHTS.join(" ")}`, percent(histogram(column(2), HEIGHTS))],
    ["intensity, mean", (intensity.reduce((a, b) => a + b) / intensity.length).toFixed(3)],
    ["intensity 0, %", percent([100 * intensity.filter((v) => v === 0).length / intensity.length])],
    ...CLASSES.map(([name, ids]): Row => [`${name}, %`, percent([share(ids)])]),
  ];
}

async function readScan(bin: string, label: string): Promise<Scan> {
  const [points, labels] = await Promise.all([Deno.readFile(bin), Deno.readFile(label)]);
  const raw = new Uint32Array(labels.buffer);
  return {
    id: bin,
    points: new Float32Array(points.buffer),
    semantic: Uint16Array.from(raw, (value) => value & 0xffff),
  };
}

const scans: Scan[] = [];
for (let i = 0; i + 1 < Deno.args.length; i += 2) {
  scans.push(await readScan(Deno.args[i]!, Deno.args[i + 1]!));
}
for (const seed of [1, 2, 3]) scans.push(simulateScan(seed, 0));
const tables = scans.map(rowsOf);
print(`| | ${scans.map(({ id }) => id.split("/").slice(-3).join("/")).join(" | ")} |`);
print(`|---|${scans.map(() => "---|").join("")}`);
for (const [i, [name]] of tables[0]!.entries()) {
  print(`| ${name} | ${tables.map((rows) => rows[i]![1]).join(" | ")} |`);
}
