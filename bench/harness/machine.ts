/** What a run was measured on. No host name, no user, no path but what was typed. */
import { ABI_VERSION, buildInfo, deviceInfo, unavailable } from "../../ffi/mod.ts";
import type { BenchContext } from "../../reports/schema.ts";
import { InputError } from "../../std/errors.ts";
import type { BenchBackend } from "../case.ts";

const ROOT = new URL("../../", import.meta.url);

/** Makes sure that a backend can be used, and the CPU beside it; `what` is for the error's text. */
export function checkBackend(what: string, backend: BenchBackend): void {
  for (const needed of new Set<BenchBackend>([backend, "cpu"])) {
    const why = unavailable(needed);
    if (why !== undefined) throw new InputError(`Cannot ${what} on the ${backend} backend: ${why}`);
  }
}

/** Instruction sets by the level that the CPU library reports. */
const ISA: Readonly<Record<string, readonly string[]>> = {
  avx2: ["avx2", "fma"],
  avx512: ["avx2", "fma", "avx512"],
};

/** A size from the device's text; undefined where the system does not tell it. */
function bytesOf(info: Record<string, string>, name: string): number | undefined {
  const value = Number(info[`${name}_bytes`] ?? info[`${name} bytes`]);
  return value > 0 ? value : undefined;
}

/** Size of the cache that inputs must not fit: the last level of the device. */
export function cacheBytes(backend: BenchBackend): number {
  const info = deviceInfo(backend);
  // 32 MiB where nothing is known: more than most desktop CPUs have.
  return bytesOf(info, "l3") ?? bytesOf(info, "l2") ?? 32 * 2 ** 20;
}

/** Memory of the device in bytes. */
export function memoryBytes(backend: BenchBackend): number {
  return bytesOf(deviceInfo(backend), "memory") ?? Infinity;
}

/** The context block of a result. */
export async function describeMachine(
  backend: BenchBackend,
  run: Pick<BenchContext, "threads" | "data" | "command" | "protocol" | "noise" | "peers">,
): Promise<BenchContext> {
  const info = deviceInfo("cpu");
  const gpu = backend === "cuda" ? deviceInfo("cuda") : {};
  const model = info["name"] ?? "unknown CPU";
  const [l2Bytes, l3Bytes] = [bytesOf(info, "l2"), bytesOf(info, "l3")];
  return {
    machine: `${info["cores"]}-core ${model}`,
    cpu: {
      model,
      cores: Number(info["cores"]),
      isa: [...ISA[info["isa"] ?? ""] ?? ["baseline"]],
      ...(l2Bytes !== undefined && { l2Bytes }),
      ...(l3Bytes !== undefined && { l3Bytes }),
    },
    memoryBytes: bytesOf(info, "memory") ?? 0,
    os: `${Deno.build.os} ${Deno.build.arch}`,
    gpu: gpu["name"] ?? null,
    driver: gpu["driver"] ?? null,
    compiler: buildInfo(backend),
    ...await gitState(),
    abi: ABI_VERSION,
    deno: Deno.version.deno,
    date: new Date().toISOString(),
    ...run,
  };
}

/** The commit of the checkout and whether tracked files differ from it; nulls outside of one. */
export async function gitState(): Promise<Pick<BenchContext, "commit" | "dirty">> {
  const commit = await git("rev-parse", "HEAD");
  const changes = await git("status", "--porcelain", "--untracked-files=no");
  return { commit, dirty: changes === null ? null : changes !== "" };
}

async function git(...args: string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args,
      cwd: ROOT,
      stdout: "piped",
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch (error) {
    // No git on this machine, or not allowed to run it: the result only lacks the commit.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) {
      return null;
    }
    throw error;
  }
}
