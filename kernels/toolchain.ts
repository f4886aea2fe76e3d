/** Finds the compilers and names what they are. */
import { InputError } from "../std/errors.ts";

export interface Tool {
  readonly path: string;
  /** First line of `--version` that names the compiler: part of every object's hash. */
  readonly version: string;
}

/** Output of a command, or undefined when it cannot be started or fails. */
async function output(path: string, args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(path, { args, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch {
    return undefined;
  }
}

async function tool(path: string): Promise<Tool | undefined> {
  const text = await output(path, ["--version"]);
  return text === undefined ? undefined : { path, version: text.trim() };
}

/** The C++ compiler: $CXX, else g++, clang++ or c++. */
export async function findCompiler(): Promise<Tool> {
  const asked = Deno.env.get("CXX");
  const names = asked ? [asked] : ["g++", "clang++", "c++"];
  for (const name of names) {
    const found = await tool(name);
    if (found) return found;
  }
  throw new InputError(
    `Cannot build the kernels: no C++ compiler (looked for ${names.join(", ")}); ` +
      `install one, on Debian or Ubuntu: apt-get install g++`,
  );
}

/** Whether a compiler is g++: clang answers to that name on some systems. */
export function isGnu({ version }: Tool): boolean {
  return /Free Software Foundation/.test(version);
}

/** nvcc on PATH or under $CUDA_HOME, or undefined. */
export async function findNvcc(): Promise<Tool | undefined> {
  const home = Deno.env.get("CUDA_HOME");
  return (home ? await tool(`${home}/bin/nvcc`) : undefined) ?? await tool("nvcc");
}

/** First compute capability with instructions of one generation alone, wgmma among them. */
const FIRST_SPECIFIC = 9;

/** The architecture of this machine's GPU as nvcc names it ("sm_86", "sm_90a"), or undefined. */
export async function nativeArch(): Promise<string | undefined> {
  const text = await output("nvidia-smi", ["--query-gpu=compute_cap", "--format=csv,noheader"]);
  const found = text?.match(/^(\d+)\.(\d+)/);
  if (!found) return undefined;
  return `sm_${found[1]}${found[2]}${Number(found[1]) >= FIRST_SPECIFIC ? "a" : ""}`;
}
