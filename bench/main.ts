/** `deno task bench`: checks the kernels against the reference, times them, writes a report. */
import { defaultScenes } from "../datasets/default_scenes.ts";
import { Context } from "../ffi/mod.ts";
import { benchPage } from "../reports/bench_page.ts";
import { writeFiles } from "../reports/files.ts";
import {
  type BenchResult,
  benchResultSchema,
  type BenchTable,
  SCHEMA_VERSION,
} from "../reports/schema.ts";
import { benchText } from "../reports/terminal.ts";
import { CheckError, InputError } from "../std/errors.ts";
import { removePartFilesOnSignal } from "../std/files.ts";
import { print, printError, runMain } from "../std/main.ts";
import { GROUPS } from "./cases.ts";
import { compareCommand } from "./compare.ts";
import { cacheBytes, checkBackend, describeMachine, memoryBytes } from "./harness/machine.ts";
import type { Plan } from "./harness/measure.ts";
import { Heartbeat, judgeNoise } from "./harness/noise.ts";
import type { ProcessTime } from "./harness/process.ts";
import { bestRoofline, measureRoofline } from "./harness/roofline.ts";
import { isFailed, withShare } from "./harness/rows.ts";
import { runCases, type Setting } from "./harness/run.ts";
import { loadScene, type Scene } from "./harness/scene.ts";
import { WHOLE } from "./harness/sector.ts";
import { isPeer, Peer } from "./peers/peer.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { listData, listText, type Registry, select, type Selection } from "./select.ts";
import { Rows, type TableSpec } from "./table.ts";
import { TABLES } from "./tables.ts";
import { tuneCommand } from "./tune.ts";

/** More samples than the rank test of the reports needs, except for `--quick`. */
const PLANS = {
  quick: { minSamples: 5, minMs: 30, refLimitMs: 30, long: { ms: 300, samples: 3 } },
  tour: { minSamples: 9, minMs: 200, refLimitMs: 100 },
  full: { minSamples: 15, minMs: 500, refLimitMs: 200 },
} as const satisfies Record<string, Plan>;

/** Of the turn: what whole networks see of the scan with `--quick`. */
const QUICK_DEGREES = 30;

/** The command line `args`, with what can be asked for; see `--help`. */
export async function main(
  args: readonly string[],
  registry: Registry = { groups: GROUPS, tables: TABLES },
): Promise<void> {
  if (args[0] === "compare") return await compareCommand(args.slice(1));
  if (args[0] === "tune") return await tuneCommand(args.slice(1));
  const options = parseOptions(args);
  if (options.help) return print(HELP);
  if (options.list) {
    const { json, dtype } = options;
    const list = json ? JSON.stringify(listData(registry, dtype), undefined, 2) : null;
    return print(list ?? listText(registry, dtype));
  }
  removePartFilesOnSignal();
  await makeFolder(options.out);
  const result = await bench(options, registry, ["deno task bench", ...args.map(quoted)].join(" "));
  const json = JSON.stringify(result, undefined, 1);
  await writeFiles(options.out, [
    { path: "bench.json", text: `${json}\n` },
    ...await benchPage(result, "bench"),
  ]);
  print(options.json ? json : benchText(result, { color: Deno.stdout.isTerminal() }));
  printError(`written: ${options.out}/bench.md with charts, and ${options.out}/bench.json`);
  // That another engine differs is for its row to say.
  const wrong = result.cases.filter((row) => isFailed(row) && !isPeer(row));
  if (wrong.length > 0) {
    const names = wrong.map(({ id }) => id).join("; ");
    throw new CheckError(`${wrong.length} of ${result.cases.length} rows are wrong: ${names}`);
  }
}

/** Makes the output folder, before the work and not after it: it may not be possible. */
async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`Cannot write to "${path}": ${detail}`, { cause });
  }
}

/** An argument as a shell needs it. */
function quoted(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`;
}

async function bench(
  options: Options,
  { groups, tables }: Registry,
  command: string,
): Promise<BenchResult> {
  const { backend, threads, protocol } = options;
  checkBackend("bench", backend);
  const selection = select({ groups, tables }, options);
  const plan = planOf(options);
  await using stack = new AsyncDisposableStack();
  const ctx = stack.use(new Context(backend, { threads }));
  const cpu = backend === "cpu" ? ctx : stack.use(new Context("cpu", { threads }));
  const path = options.data ?? await defaultScenes();
  const scene = await loadScene(cpu, path);
  const sector = options.quick ? await loadScene(cpu, path, QUICK_DEGREES) : null;
  const peers: Peer[] = [];
  for (const name of options.peers) {
    const peer = stack.use(await Peer.open(name, { device: backend, threads: cpu.threads }));
    printError(`peer ${name}: ${peer.state}`);
    peers.push(peer);
  }
  const { outcomes, roofline, noise } = await measured(selection, {
    bench: { ctx, cpu, scene },
    sector,
    backend,
    plan,
    protocol,
    cacheBytes: cacheBytes(backend),
    // Inputs lie on the host before they lie on the device.
    memoryBytes: Math.min(memoryBytes(backend), memoryBytes("cpu")),
    takes: selection.takes,
    peers,
    heartbeat: stack.use(new Heartbeat(ctx)),
    log: printError,
  });
  const processes = await timedProcesses(selection, tables, options);
  const run = {
    ...{ threads: cpu.threads, data: scene.data, command, noise, protocol },
    ...(peers.length > 0 && { peers: statesOf(peers) }),
  };
  const context = await describeMachine(backend, run);
  const rows = new Rows(outcomes);
  // The writer is held to the same contract as the reader.
  return benchResultSchema.parse({
    schemaVersion: SCHEMA_VERSION,
    context,
    roofline,
    baselines: Object.assign({}, ...Object.values(groups).map(({ baselines }) => baselines ?? {})),
    cases: outcomes.map(({ row }) => row),
    tables: selection.tables.flatMap((id) => {
      const spec = tables[id]!;
      const built = spec.build({ rows, roofline, context, processes: processes.get(id) ?? [] });
      return sector === null ? built : built.map((table) => sectorNoted(table, spec, sector));
    }),
  });
}

/** Says under a table what a quick run did to its networks. */
function sectorNoted(table: BenchTable, { cases }: TableSpec, sector: Scene): BenchTable {
  if (sector.degrees === WHOLE || !cases.some(({ onSector }) => onSector)) return table;
  const note =
    `--quick: whole networks saw ${sector.degrees} of the scan's 360 degrees; published ` +
    "numbers are of whole scans, and fewer voxels favour what has little to set up.";
  return { ...table, notes: [...table.notes, note] };
}

/** How long to go on: as the protocol of a paper says, else by what is asked for. */
function planOf({ quick, ids, protocol: { warmUps, samples } }: Options): Plan {
  const plan = quick ? PLANS.quick : ids.length > 0 ? PLANS.full : PLANS.tour;
  return samples === null ? plan : { ...plan, exact: { warmUps, samples } };
}

/** What each peer is, or why it is absent. */
function statesOf(peers: readonly Peer[]): Record<string, string> {
  return Object.fromEntries(peers.map(({ name, state }) => [name, state]));
}

/** What became of the cases, held against the roof before or after them, whichever is higher. */
async function measured(
  { cases }: Selection,
  setting: Setting & { readonly heartbeat: Heartbeat },
) {
  const { backend, bench: { ctx }, cacheBytes: cache, heartbeat } = setting;
  if (cases.length === 0) {
    heartbeat.beat();
    return { outcomes: [], roofline: null, noise: judgeNoise([], heartbeat.medians) };
  }
  printError("measuring the roof: multiply-adds, triad, gather");
  const before = measureRoofline(backend, ctx.threads, cache);
  const found = await runCases(cases, setting);
  const roofline = bestRoofline(before, measureRoofline(backend, ctx.threads, cache));
  const outcomes = found.map(({ item, row, work }) => ({
    item,
    row: withShare(row, work, roofline),
  }));
  const noise = judgeNoise(outcomes.map(({ row }) => row), heartbeat.medians);
  if (noise.noisy) printError(`warning: a noisy run: ${JSON.stringify(noise)}`);
  return { outcomes, roofline, noise };
}

/** What the tables asked for time whole commands of, by the ID of the table. */
async function timedProcesses(
  selection: Selection,
  tables: Registry["tables"],
  { quick, filter }: Options,
): Promise<Map<string, readonly ProcessTime[]>> {
  const found = new Map<string, readonly ProcessTime[]>();
  for (const id of selection.tables) {
    const times = await tables[id]!.processes?.({ quick, filter, log: printError });
    if (times !== undefined) found.set(id, times);
  }
  return found;
}

if (import.meta.main) await runMain(() => main(Deno.args));
