/** What a run was measured on, as Markdown tables. */
import { code, escapeText, table } from "./markdown.ts";
import { formatBytes, formatCount, formatNumber, formatValue, plural } from "./numbers.ts";
import { protocolText } from "./protocol.ts";
import type { BenchContext, BenchRoofline } from "./schema.ts";

/** Machine, build, data and what was seen of noise. */
export function machineBlock(context: BenchContext): string {
  const { cpu, data, noise, protocol } = context;
  const caches = [
    cpu.l2Bytes === undefined ? "" : `L2 ${formatBytes(cpu.l2Bytes)}`,
    cpu.l3Bytes === undefined ? "" : `L3 ${formatBytes(cpu.l3Bytes)}`,
  ].filter((text) => text !== "").join(", ");
  const rows: [string, string][] = [
    ["machine", context.machine],
    ["CPU", `${cpu.model}, ${formatCount(cpu.cores)} cores, ${cpu.isa.join(" ")}`],
    ["caches", caches],
    ["memory", formatBytes(context.memoryBytes)],
    ["GPU", context.gpu ?? "none"],
    ["driver", context.driver ?? ""],
    ["system", context.os],
    ["compiler", context.compiler],
    ["threads", formatCount(context.threads)],
    ["Deno", context.deno],
    ["ABI", formatCount(context.abi)],
    ["commit", commitText(context)],
    ["data", dataText(data)],
    ["protocol", protocol === undefined ? "" : protocolText(protocol)],
    ["noise", noise === undefined ? "" : pairs(noise)],
    ["peers", context.peers === undefined ? "" : pairs(context.peers)],
    ["date", context.date],
  ];
  return table(
    [{ title: "what" }, { title: "value" }],
    rows.filter(([, value]) => value !== "").map(([what, value]) => [what, escapeText(value)]),
  );
}

function commitText({ commit, dirty }: BenchContext): string {
  if (commit === null) return "not in a git checkout";
  return commit.slice(0, 12) + (dirty === true ? ", with uncommitted changes" : "");
}

function dataText(data: BenchContext["data"]): string {
  return [
    `${data.name} (${data.source})`,
    plural(data.scenes, "scene"),
    plural(data.points, "point"),
    data.voxels === null ? "" : `${formatCount(data.voxels)} voxels`,
    data.more === undefined ? "" : pairs(data.more),
  ].filter((text) => text !== "").join(", ");
}

function pairs(values: Record<string, string | number | boolean>): string {
  return Object.entries(values).map(([name, value]) => `${name} ${formatValue(value)}`).join(", ");
}

/** The peaks that shares of the roof refer to. */
export function rooflineBlock(roofline: BenchRoofline | null): string {
  if (roofline === null) return "The roof was not measured in this run: no share of it is given.";
  const { fmaGflops, triadGbps, gatherGbps, matrixGflops } = roofline;
  const rows = [
    ["fused multiply-add", formatNumber(fmaGflops), "GFLOP/s"],
    ...Object.entries(matrixGflops ?? {}).map(([dtype, peak]) => [
      `matrix units, ${code(dtype)}`,
      formatNumber(peak),
      "GFLOP/s",
    ]),
    ["streaming triad", formatNumber(triadGbps), "GB/s"],
    ...(gatherGbps === undefined ? [] : [["random gather", formatNumber(gatherGbps), "GB/s"]]),
  ];
  const columns = [
    { title: "roof, measured in this run" },
    { title: "peak", align: "right" as const },
    { title: "unit" },
  ];
  return table(columns, rows);
}
