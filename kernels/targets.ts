/** What each library is made of. */
import { sources, type Target, type Unit } from "./compile.ts";
import { tileSources } from "./tiles.ts";
import type { Tool } from "./toolchain.ts";

const X86 = Deno.build.arch === "x86_64";

// -g1: addresses in profiles and sanitizer reports get their lines, without the cost of -g.
const COMMON = "-std=c++20 -O3 -g1 -fPIC -fvisibility=hidden -Iinclude -Icore -Wall -Wextra"
  .split(" ");

// Deno unloads libraries when it ends; a pool thread would then run unmapped code.
// A variant table that a backend forgot is an error of the link, not of the first use.
const SHARED = ["-shared", "-Wl,-z,nodelete", "-Wl,-z,defs", "-pthread"];

/** The instruction set that a source is for, by the end of its name; the rest is baseline. */
const AVX512 = [
  ..."-mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -mf16c".split(" "),
  "-mprefer-vector-width=512",
  // g++ 12 takes the deliberately undefined operands of its own intrinsics for mistakes.
  "-Wno-uninitialized",
  "-Wno-maybe-uninitialized",
];
const ISA_FLAGS: Readonly<Record<string, readonly string[]>> = {
  _avx2: ["-mavx2", "-mfma"],
  _avx512: AVX512,
  _avx512bf16: [...AVX512, "-mavx512bf16"],
  _avx512vnni: [...AVX512, "-mavx512vnni"],
};

function cpuUnits(compiler: Tool, flags: readonly string[]): Unit[] {
  return [...sources("core", ".cc"), ...sources("cpu", ".cc")].flatMap((source) => {
    const isa = source.match(/(_avx\w+)\.cc$/)?.[1];
    if (isa && !X86) return [];
    return [{ source, compiler, flags: [...flags, ...(isa ? ISA_FLAGS[isa]! : [])] }];
  });
}

export function cpuTarget(compiler: Tool): Target {
  return {
    output: "libvoxmark_cpu.so",
    units: cpuUnits(compiler, COMMON),
    linker: compiler,
    linkFlags: SHARED,
  };
}

/** The native tests and the CPU library in one program, under some of the sanitizers. */
function sanitizedTests(compiler: Tool, output: string, sanitizers: readonly string[]): Target {
  const flags = [...COMMON.map((flag) => flag === "-O3" ? "-O1" : flag), ...sanitizers];
  const c99 = flags.map((flag) => flag.startsWith("-std") ? "-std=c99" : flag);
  return {
    output,
    units: [
      ...cpuUnits(compiler, flags),
      { source: "tests/fuzz_test.cc", compiler, flags },
      { source: "tests/fuzz_weights_test.cc", compiler, flags },
      { source: "tests/abi_test.c", compiler, flags: ["-x", "c", ...c99] },
    ],
    linker: compiler,
    linkFlags: [...sanitizers, "-pthread"],
  };
}

/** Memory and undefined behaviour in one program, data races of the thread pool in another. */
export function sanitizedTargets(compiler: Tool): Target[] {
  return [
    sanitizedTests(compiler, "native_tests_sanitized", [
      "-fsanitize=address,undefined",
      "-fno-sanitize-recover=all",
    ]),
    sanitizedTests(compiler, "native_tests_threads", ["-fsanitize=thread"]),
  ];
}

/** The tile products that `tiles.ts` asks for, as generated sources. */
function tileUnits(compiler: Tool, flags: readonly string[], emulated: boolean): Unit[] {
  return tileSources(emulated).map(({ path, text }) => ({
    source: path,
    generated: text,
    compiler,
    flags,
  }));
}

/** Sources for one GPU alone: Hopper's warpgroup products exist nowhere else. */
const HOPPER = { ending: /_sm90a\.cu$/, arch: "sm_90a", define: "-DVMK_SM90A" };

/** nvcc's flags for some architectures; the lowest comes as PTX too. */
function deviceFlags(architectures: readonly string[]): string[] {
  const codes = architectures.flatMap((arch, i) => {
    const virtual = arch.replace("sm_", "compute_");
    const code = i === 0 ? `[${arch},${virtual}]` : arch;
    return ["-gencode", `arch=${virtual},code=${code}`];
  });
  return [
    ..."-std=c++20 -O3 -lineinfo -Iinclude -Icore -Icuda".split(" "),
    ...codes,
    ...["-Xcompiler", "-fPIC,-fvisibility=hidden,-Wall"],
  ];
}

/** What nvcc gets for a source of cuda/ that is for all of them. */
function commonFlags(architectures: readonly string[]): string[] {
  const hopper = architectures.includes(HOPPER.arch);
  return [...deviceFlags(architectures), ...(hopper ? [HOPPER.define] : [])];
}

function cudaUnits(compiler: Tool, nvcc: Tool, architectures: readonly string[]): Unit[] {
  const hopper = architectures.includes(HOPPER.arch);
  const flags = commonFlags(architectures);
  const tiles = tileUnits(nvcc, flags, false).flatMap((unit) => {
    if (!HOPPER.ending.test(unit.source)) return [unit];
    return hopper ? [{ ...unit, flags: deviceFlags([HOPPER.arch]) }] : [];
  });
  return [
    ...sources("core", ".cc").map((source) => ({ source, compiler, flags: COMMON })),
    ...sources("cuda", ".cu").map((source) => ({ source, compiler: nvcc, flags })),
    ...tiles,
  ];
}

export function cudaTarget(
  compiler: Tool,
  nvcc: Tool,
  architectures: readonly string[],
): Target {
  return {
    output: "libvoxmark_cuda.so",
    units: cudaUnits(compiler, nvcc, architectures),
    linker: nvcc,
    linkFlags: ["-shared", "-cudart", "static", "-Xlinker", "-z,nodelete,-z,defs"],
  };
}

const FUZZ_TESTS = ["tests/fuzz_test.cc", "tests/fuzz_weights_test.cc", "tests/cuda_fuzz_test.cc"];

/** The fuzzer of all ops on the CUDA library, for a machine with a GPU. */
export function cudaFuzzTarget(
  compiler: Tool,
  nvcc: Tool,
  architectures: readonly string[],
): Target {
  const device = commonFlags(architectures);
  return {
    output: "cuda_fuzz",
    units: [
      ...cudaUnits(compiler, nvcc, architectures),
      ...FUZZ_TESTS.map((source) => ({ source, compiler, flags: COMMON })),
      { source: "tests/cuda_tiles_test.cc", compiler: nvcc, flags: ["-x", "cu", ...device] },
    ],
    linker: nvcc,
    linkFlags: ["-cudart", "static"],
  };
}

/**
 * The emulator's checks see every access of the kernels through the calls that g++ inserts for
 * its thread sanitizer; the program that they end in is ours, so nothing is linked for it.
 */
const WATCHED = [
  "-O1",
  "-fno-strict-aliasing",
  "-Wno-unknown-pragmas",
  "-fsanitize=thread",
  "--param=tsan-instrument-func-entry-exit=0",
  "-x",
  "c++",
];

function emulatedUnits(compiler: Tool): { library: Unit[]; watched: string[] } {
  const flags = [...COMMON, "-Icuda", "-Icuda/emulator"];
  const watched = [...flags, HOPPER.define, ...WATCHED];
  return {
    library: [
      ...sources("core", ".cc").map((source) => ({ source, compiler, flags: COMMON })),
      ...sources("cuda/emulator", ".cc").map((source) => ({ source, compiler, flags })),
      ...sources("cuda", ".cu").map((source) => ({ source, compiler, flags: watched })),
      ...tileUnits(compiler, watched, true),
    ],
    watched,
  };
}

/** The CUDA sources compiled for the host against kernels/cuda/emulator: a test tool. */
export function emulatedTarget(compiler: Tool): Target {
  return {
    output: "libvoxmark_cuda_emulated.so",
    units: emulatedUnits(compiler).library,
    linker: compiler,
    linkFlags: SHARED,
  };
}

/** Tests of the emulator itself: kernels with one mistake each must be caught. */
export function emulatorTestTarget(compiler: Tool): Target {
  const { library, watched } = emulatedUnits(compiler);
  return {
    output: "emulator_tests",
    units: [
      ...library.filter(({ source }) => source.startsWith("cuda/emulator/")),
      ...["emulator", "matrix", "wgmma"].map((name) => ({
        source: `tests/cuda_${name}_test.cc`,
        compiler,
        flags: watched,
      })),
    ],
    linker: compiler,
    linkFlags: ["-pthread"],
  };
}

/** The fuzzer of all ops on the emulated CUDA library. */
export function emulatedFuzzTarget(compiler: Tool): Target {
  const { library, watched } = emulatedUnits(compiler);
  return {
    output: "emulated_fuzz",
    units: [
      ...library,
      ...FUZZ_TESTS.map((source) => ({ source, compiler, flags: COMMON })),
      { source: "tests/cuda_tiles_test.cc", compiler, flags: watched },
    ],
    linker: compiler,
    linkFlags: ["-pthread"],
  };
}

/** What the CUDA library says when the machine fails it. */
export function emulatedFailuresTarget(compiler: Tool): Target {
  const flags = [...COMMON, "-Icuda/emulator"];
  return {
    output: "emulated_failures",
    units: [
      ...emulatedUnits(compiler).library,
      { source: "tests/cuda_failures_test.cc", compiler, flags },
    ],
    linker: compiler,
    linkFlags: ["-pthread"],
  };
}
