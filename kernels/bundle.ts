/**
 * Packs all that a machine without network needs into one archive: `deno task bundle [--out FILE]`.
 *
 * Deno itself, the npm packages of the lock file and the sources of the commit that is checked out.
 * The archive is unpacked and opened once before it counts: without the home folder, the cache and
 * the registry of this machine.
 */
import { parseArgs } from "@std/cli/parse-args";
import { CheckError, InputError } from "../std/errors.ts";
import { print, printError, runMain } from "../std/main.ts";

const USAGE = `Usage: deno task bundle [--out FILE]

Packs Deno, the npm packages and the sources of the checked-out commit for a machine without
network, at most 50 MB. There: tar xf FILE && voxmark/run.sh task test
  --out   the archive (default .cache/voxmark-offline.tar.xz)`;

const ROOT = decodeURIComponent(new URL("../", import.meta.url).pathname);
const NAME = "voxmark";
const MOST_BYTES = 50e6;
/** Below the packed folder: what run.sh puts on PATH, and DENO_DIR. */
const [BIN, CACHE] = [".deno/bin", ".deno/cache"];

const ENTRY = `#!/bin/sh
# Runs the packed Deno with the packed packages, in this folder: ./run.sh task test
here=$(cd "$(dirname "$0")" && pwd) || exit 2
DENO_DIR="$here/${CACHE}"
DENO_NO_UPDATE_CHECK=1
PATH="$here/${BIN}:$PATH"
export DENO_DIR DENO_NO_UPDATE_CHECK PATH
cd "$here" || exit 2
exec deno "$@"
`;

interface Step {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly clearEnv?: boolean;
}

/** Runs a command; a failure is an error with what the command said. */
async function run(command: string, args: string[], step: Step = {}): Promise<string> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(command, { args, stdin: "null", ...step }).output();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new InputError(`Cannot run ${command}: it is not installed`, { cause });
  }
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (output.success) return text(output.stdout);
  throw new CheckError(`Cannot bundle: ${command} ${args[0]} failed\n${text(output.stderr)}`);
}

/** The tracked TypeScript files of a folder that is no checkout. */
function* scripts(folder: string, below = ""): Generator<string> {
  for (const entry of Deno.readDirSync(`${folder}/${below}`)) {
    const path = `${below}${entry.name}`;
    if (entry.isDirectory && !entry.name.startsWith(".")) yield* scripts(folder, `${path}/`);
    if (entry.isFile && entry.name.endsWith(".ts")) yield path;
  }
}

/** Puts sources, Deno and the packages into `folder`. */
async function fill(folder: string): Promise<void> {
  // A checkout of this one commit, so that results made there can name it.
  await run("git", ["clone", "--quiet", "--depth", "1", "--no-tags", `file://${ROOT}`, folder]);
  await run("git", ["remote", "remove", "origin"], { cwd: folder });
  Deno.removeSync(`${folder}/.git/logs`, { recursive: true });
  Deno.mkdirSync(`${folder}/${BIN}`, { recursive: true });
  Deno.copyFileSync(Deno.execPath(), `${folder}/${BIN}/deno`);
  printError("fetching the packages of deno.lock");
  const cache = `${folder}/${CACHE}`;
  const env = { DENO_DIR: cache };
  await run(Deno.execPath(), ["cache", "--frozen", ...scripts(folder)], { cwd: folder, env });
  // Compiled scripts and databases: made again where they are needed.
  for (const entry of Deno.readDirSync(cache)) {
    if (entry.name !== "npm") Deno.removeSync(`${cache}/${entry.name}`, { recursive: true });
  }
  Deno.writeTextFileSync(`${folder}/run.sh`, ENTRY, { mode: 0o755 });
}

/** Opens the archive as a machine without network would; loads every script in it. */
async function verify(archive: string, folder: string): Promise<void> {
  Deno.mkdirSync(folder);
  await run("tar", ["-xJf", archive, "-C", folder]);
  const unpacked = `${folder}/${NAME}`;
  const env = {
    HOME: `${folder}/home`,
    PATH: "/usr/bin:/bin",
    // Port 9 discards: whatever asks the network fails.
    HTTP_PROXY: "http://127.0.0.1:9",
    HTTPS_PROXY: "http://127.0.0.1:9",
  };
  const offline = { env, clearEnv: true };
  await run(`${unpacked}/run.sh`, ["cache", "--frozen", ...scripts(unpacked)], offline);
  await run(
    `${unpacked}/run.sh`,
    ["test", "--no-check", "--allow-read", "--allow-write", "std/"],
    offline,
  );
}

async function main(): Promise<void> {
  const flags = parseArgs(Deno.args, {
    boolean: ["help"],
    string: ["out"],
    unknown: (arg) => {
      throw new InputError(`Unknown argument "${arg}" of deno task bundle; see --help`);
    },
  });
  if (flags.help) return print(USAGE);
  const out = flags.out === undefined ? `${ROOT}.cache/voxmark-offline.tar.xz` : String(flags.out);
  const stage = await Deno.makeTempDir({ prefix: "voxmark-bundle-" });
  try {
    const changed = await run("git", ["status", "--porcelain", "--untracked-files=no"], {
      cwd: ROOT,
    });
    if (changed !== "") printError("warning: the bundle holds the commit, not the changes to it");
    await fill(`${stage}/${NAME}`);
    printError("packing");
    const archive = `${stage}/bundle.tar.xz`;
    await run("tar", ["-cJf", archive, "-C", stage, NAME], { env: { XZ_OPT: "-6 -T0" } });
    const { size } = await Deno.stat(archive);
    if (size > MOST_BYTES) {
      throw new CheckError(`Cannot bundle: ${size} bytes are more than ${MOST_BYTES}`);
    }
    printError("opening it without network");
    await verify(archive, `${stage}/unpacked`);
    await publish(archive, out);
    print(`${out}: ${(size / 1e6).toFixed(1)} MB`);
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

/** Copies beside the target, which may be on another disk, and renames. */
async function publish(archive: string, out: string): Promise<void> {
  const part = `${out}.${Deno.pid}.part`;
  try {
    await Deno.mkdir(out.slice(0, out.lastIndexOf("/") + 1) || ".", { recursive: true });
    await Deno.copyFile(archive, part);
    await Deno.rename(part, out);
  } catch (cause) {
    await Deno.remove(part).catch(() => {});
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`Cannot write ${out}: ${detail}`, { cause });
  }
}

await runMain(main);
