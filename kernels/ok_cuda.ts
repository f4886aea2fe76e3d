/**
 * The gate on a machine with a GPU: `deno task ok:cuda [--strict]`.
 *
 * Builds for this GPU, runs every kernel test on it, the fuzzer alone and under compute-sanitizer,
 * and fills in the table of the CUDA engine. Nothing of it runs without a GPU.
 */
import { parseArgs } from "@std/cli/parse-args";
import { CheckError, InputError, unknownName } from "../std/errors.ts";
import { print, printError, runMain } from "../std/main.ts";
import { build } from "./compile.ts";
import { cpuTarget, cudaFuzzTarget, cudaTarget } from "./targets.ts";
import { findCompiler, findNvcc, nativeArch, type Tool } from "./toolchain.ts";

const STAGES = ["build", "tests", "fuzz", "bench"] as const;
type Stage = typeof STAGES[number];

const USAGE = `Usage: deno task ok:cuda [--only STAGE] [--strict] [--data PATH]

On a machine with an NVIDIA GPU and nvcc: builds for it, runs all kernel tests and the fuzzer on it,
both tools of compute-sanitizer over the fuzzer, then deno task bench cuda-engine.
  --only     one of ${STAGES.join(", ")}: where the machine is lent for minutes at a time
  --strict   a test that was skipped and a tool that is missing count as failures
  --data     scans for the benchmark (default: simulated ones)`;

const ROOT = decodeURIComponent(new URL("../", import.meta.url).pathname);
const FUZZ = `${ROOT}kernels/build/cuda_fuzz`;
/** Random programs of 30 calls: seconds alone, under a minute at the sanitizer's pace. */
const [SEEDS, SANITIZED_SEEDS] = ["300", "10"];

/** Runs a command in the project's folder and shows what it prints; returns it as well. */
async function run(command: string, args: string[]): Promise<{ success: boolean; text: string }> {
  printError(`$ ${[command.replace(ROOT, ""), ...args].join(" ")}`);
  const child = new Deno.Command(command, { args, cwd: ROOT, stdout: "piped", stdin: "null" })
    .spawn();
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    Deno.stdout.writeSync(new TextEncoder().encode(part));
  }
  return { success: (await child.status).success, text };
}

const TESTS = [
  "test",
  "--no-check",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  "--allow-ffi=kernels/build",
  "--allow-env=DENO_JOBS",
  // The names that testEach() gives to what runs, or is skipped, on the GPU.
  "--filter",
  "/\\[cuda[\\]:]/",
  "ffi/",
  "models/",
];

/** Tests that were skipped, as the test runner sums them up. */
export function skippedTests(text: string): number {
  // deno-lint-ignore no-control-regex
  const plain = text.replaceAll(/\x1b\[[0-9;]*m/g, "");
  return Number(plain.match(/\| \d+ failed[^\n]*?\| (\d+) ignored/)?.[1] ?? 0);
}

async function testKernels(strict: boolean): Promise<string[]> {
  const { success, text } = await run(Deno.execPath(), TESTS);
  const skipped = skippedTests(text);
  const failed = success ? [] : ["kernel tests"];
  return strict && skipped > 0 ? [...failed, `${skipped} skipped tests`] : failed;
}

/** The fuzzer as it is, then under each tool of compute-sanitizer. */
async function fuzz(strict: boolean): Promise<string[]> {
  const failed = (await run(FUZZ, [SEEDS])).success ? [] : ["cuda_fuzz"];
  for (const tool of ["memcheck", "racecheck"]) {
    const args = ["--tool", tool, "--error-exitcode", "1", FUZZ, SANITIZED_SEEDS];
    try {
      if (!(await run("compute-sanitizer", args)).success) failed.push(tool);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      print(`${tool}: skipped, compute-sanitizer is not on PATH`);
      if (strict) failed.push(`${tool}, which is missing`);
    }
  }
  return failed;
}

async function buildAll(arch: string, nvcc: Tool): Promise<void> {
  const compiler = await findCompiler();
  for (
    const target of [
      cpuTarget(compiler),
      cudaTarget(compiler, nvcc, [arch]),
      cudaFuzzTarget(compiler, nvcc, [arch]),
    ]
  ) {
    await build(target, true, printError);
  }
}

async function bench(data: string | undefined): Promise<string[]> {
  const args = ["task", "-q", "bench", "cuda-engine", "--backend", "cuda"];
  if (data !== undefined) args.push("--data", data);
  return (await run(Deno.execPath(), args)).success ? [] : ["bench cuda-engine"];
}

/** The stages to run: the one that was named, or all. */
export function stagesOf(only: string | undefined): readonly Stage[] {
  if (only === undefined) return STAGES;
  const stage = STAGES.find((known) => known === only);
  if (stage === undefined) throw unknownName("stage", only, STAGES);
  return [stage];
}

async function main(): Promise<void> {
  const flags = parseArgs(Deno.args, {
    boolean: ["help", "strict"],
    string: ["data", "only"],
    unknown: (arg) => {
      throw new InputError(`Unknown argument "${arg}" of deno task ok:cuda; see --help`);
    },
  });
  if (flags.help) return print(USAGE);
  const strict = flags.strict === true;
  const stages = stagesOf(flags.only as string | undefined);
  const arch = await nativeArch();
  if (!arch) throw new InputError("Cannot run the CUDA gate: nvidia-smi found no GPU");
  const nvcc = await findNvcc();
  if (!nvcc) throw new InputError("Cannot run the CUDA gate: no nvcc on PATH or under $CUDA_HOME");
  const runs: Readonly<Record<Stage, () => Promise<string[]>>> = {
    build: () => buildAll(arch, nvcc).then(() => []),
    tests: () => testKernels(strict),
    fuzz: () => fuzz(strict),
    bench: () => bench(flags.data as string | undefined),
  };
  const failed: string[] = [];
  for (const stage of stages) failed.push(...await runs[stage]());
  if (failed.length > 0) throw new CheckError(`The CUDA gate failed: ${failed.join(", ")}`);
  const what = stages.length === STAGES.length ? "The CUDA gate" : stages.join();
  print(`${what} passed on ${arch}: note it in kernels/cuda/VERIFIED.md`);
}

if (import.meta.main) await runMain(main);
