/**
 * Builds the kernel libraries: `deno task build [--backend cpu|cuda|all] [--arch native|sm_90,...]`.
 *
 * Plain compiler calls, in parallel, one object a source. An object's name holds a hash of all it
 * was made from (source, headers, flags, compiler), so a rebuild compiles what changed and nothing
 * else, and a library is linked to a temporary name and renamed: a running process keeps its own.
 */
import { parseArgs } from "@std/cli/parse-args";
import { CheckError, InputError, unknownName } from "../std/errors.ts";
import { print, printError, runMain } from "../std/main.ts";
import { build } from "./compile.ts";
import {
  cpuTarget,
  cudaTarget,
  emulatedFailuresTarget,
  emulatedFuzzTarget,
  emulatedTarget,
  emulatorTestTarget,
  sanitizedTargets,
} from "./targets.ts";
import { findCompiler, findNvcc, isGnu, nativeArch } from "./toolchain.ts";

const USAGE = `Usage: deno task build [--backend cpu|cuda|all] [--arch native|sm_90,...]

Builds kernels/build/libvoxmark_<backend>.so from what has changed.
  --backend   cpu, cuda, tests (the CPU library, and the CUDA sources emulated on the CPU),
              sanitized (the native test programs), or all: cpu, and cuda when nvcc is there
              (default)
  --arch      GPU architectures of the CUDA library, comma-separated; native is this machine's
              (default; without a GPU sm_90a)
  --strict    warnings are errors`;

const BACKENDS = ["cpu", "cuda", "tests", "sanitized", "all"] as const;

/**
 * The architectures to build for: what was asked, else this machine's GPU, else sm_90a, the one
 * that all sources are for, so that a machine without a GPU compiles them all.
 */
async function architectures(asked: string | undefined): Promise<string[]> {
  const found = asked === undefined || asked === "native" ? await nativeArch() : undefined;
  if (asked === "native" && !found) {
    throw new InputError(
      "Cannot build for --arch native: nvidia-smi found no GPU, name one: sm_90",
    );
  }
  // PTX of the lowest one is always included, so newer GPUs run it too, but for names with a letter.
  const list = found ? [found] : asked?.split(",") ?? ["sm_90a"];
  const bad = list.find((arch) => !/^sm_\d{2,3}[af]?$/.test(arch));
  if (bad !== undefined) {
    throw new InputError(`Cannot build for --arch "${bad}": names look like sm_90 or sm_90a`);
  }
  return list;
}

async function main(): Promise<void> {
  const flags = parseArgs(Deno.args, {
    boolean: ["help", "strict"],
    string: ["backend", "arch"],
    unknown: (arg) => {
      throw new InputError(`Unknown argument "${arg}" of deno task build; see --help`);
    },
  });
  if (flags.help) return print(USAGE);
  const backend = flags.backend === undefined ? "all" : String(flags.backend);
  if (!BACKENDS.some((known) => known === backend)) throw unknownName("backend", backend, BACKENDS);
  const strict = flags.strict === true;
  const compiler = await findCompiler();
  const make = async (target: Parameters<typeof build>[0]) => {
    const { compiled, seconds } = await build(target, strict, printError);
    if (compiled > 0) printError(`Built ${target.output} in ${seconds.toFixed(1)} s`);
  };
  const emulator = isGnu(compiler);
  if (backend !== "cuda" && backend !== "sanitized") await make(cpuTarget(compiler));
  if (backend === "tests" && emulator) await make(emulatedTarget(compiler));
  for (const target of backend === "sanitized" ? sanitizedTargets(compiler) : []) {
    await make(target);
  }
  if (backend === "sanitized" && emulator) {
    await make(emulatorTestTarget(compiler));
    await make(emulatedFuzzTarget(compiler));
    await make(emulatedFailuresTarget(compiler));
  }
  if ((backend === "tests" || backend === "sanitized") && !emulator) {
    printError(`The CUDA emulator is left out: it needs g++, not ${compiler.path}`);
  }
  if (backend !== "cuda" && backend !== "all") return;
  const nvcc = await findNvcc();
  if (nvcc) {
    const arch = await architectures(flags.arch === undefined ? undefined : String(flags.arch));
    const target = cudaTarget(compiler, nvcc, arch);
    // An nvcc that cannot build this is no reason for the CPU library not to be used.
    if (backend === "cuda" || strict) return await make(target);
    return await make(target).catch((error) => {
      if (!(error instanceof CheckError)) throw error;
      printError(`warning: the CUDA library is left out. ${error.message}`);
    });
  }
  if (backend === "cuda") {
    throw new InputError("Cannot build the CUDA library: no nvcc on PATH or under $CUDA_HOME");
  }
  if (Deno.stderr.isTerminal()) printError("No nvcc: the CUDA library is left out");
}

await runMain(main);
