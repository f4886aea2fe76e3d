/** What each library is made of. */
import { sources, type Target, type Unit } from "./compile.ts";
import type { Tool } from "./toolchain.ts";

export interface Options {
  /** Warnings are errors. */
  readonly strict: boolean;
}

const X86 = Deno.build.arch === "x86_64";

function common({ strict }: Options): string[] {
  const warnings = ["-Wall", "-Wextra", ...(strict ? ["-Werror"] : [])];
  return [
    "-std=c++20",
    "-O3",
    "-g1",
    "-fPIC",
    "-fvisibility=hidden",
    "-Iinclude",
    "-Icore",
    ...warnings,
  ];
}

// Deno unloads libraries when it ends; a pool thread would then run unmapped code.
const SHARED = ["-shared", "-Wl,-z,nodelete", "-pthread"];

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
};

function cpuUnits(compiler: Tool, flags: readonly string[]): Unit[] {
  return [...sources("core", ".cc"), ...sources("cpu", ".cc")].flatMap((source) => {
    const isa = source.match(/(_avx\w+)\.cc$/)?.[1];
    if (isa && !X86) return [];
    return [{ source, compiler, flags: [...flags, ...(isa ? ISA_FLAGS[isa]! : [])] }];
  });
}

export function cpuTarget(compiler: Tool, options: Options): Target {
  return {
    output: "libvoxmark_cpu.so",
    units: cpuUnits(compiler, common(options)),
    linker: compiler,
    linkFlags: SHARED,
  };
}

/** The native tests and the CPU library in one program, under ASan and UBSan. */
export function sanitizedTarget(compiler: Tool, options: Options): Target {
  const sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
  const flags = [...common(options).map((flag) => flag === "-O3" ? "-O1" : flag), ...sanitize];
  const c99 = flags.map((flag) => flag.startsWith("-std") ? "-std=c99" : flag);
  return {
    output: "native_tests_sanitized",
    units: [
      ...cpuUnits(compiler, flags),
      { source: "tests/fuzz_test.cc", compiler, flags },
      { source: "tests/abi_test.c", compiler, flags: ["-x", "c", ...c99] },
    ],
    linker: compiler,
    linkFlags: [...sanitize, "-pthread"],
  };
}

export function cudaTarget(
  compiler: Tool,
  nvcc: Tool,
  architectures: readonly string[],
  options: Options,
): Target {
  const codes = architectures.flatMap((arch, i) => {
    const virtual = arch.replace("sm_", "compute_");
    const code = i === 0 ? `[${arch},${virtual}]` : arch;
    return ["-gencode", `arch=${virtual},code=${code}`];
  });
  const host = ["-Xcompiler", `-fPIC,-fvisibility=hidden,-Wall${options.strict ? ",-Werror" : ""}`];
  const device = ["-std=c++20", "-O3", "-lineinfo", "-Iinclude", "-Icore", ...codes, ...host];
  return {
    output: "libvoxmark_cuda.so",
    units: [
      ...sources("core", ".cc").map((source) => ({ source, compiler, flags: common(options) })),
      ...sources("cuda", ".cu").map((source) => ({ source, compiler: nvcc, flags: device })),
    ],
    linker: nvcc,
    linkFlags: ["-shared", "-cudart", "static", "-Xlinker", "-z,nodelete"],
  };
}

/** The CUDA sources compiled for the host against kernels/cuda/emulator: a test tool. */
export function emulatedTarget(compiler: Tool, options: Options): Target {
  const flags = [...common(options), "-Icuda/emulator"];
  return {
    output: "libvoxmark_cuda_emulated.so",
    units: [
      ...sources("core", ".cc").map((source) => ({ source, compiler, flags: common(options) })),
      ...sources("cuda/emulator", ".cc").map((source) => ({ source, compiler, flags })),
      ...sources("cuda", ".cu").map((source) => ({
        source,
        compiler,
        flags: [...flags, "-x", "c++"],
      })),
    ],
    linker: compiler,
    linkFlags: SHARED,
  };
}
