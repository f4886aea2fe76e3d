/** What tests of all rooms share: scripts run as their tasks do, and material beside the project. */
import { printError } from "./main.ts";

const ROOT = decodeURIComponent(new URL("../", import.meta.url).pathname);

/** What a command line left behind. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A script of the project on its own, without colours.
 *
 * @param script Its path in the project.
 * @param rights The flags of its permissions; it has no others and cannot ask for them.
 * @param cwd The folder it runs in; the project's when not given.
 */
export function scriptCommand(
  script: string,
  rights: readonly string[],
  args: readonly string[],
  cwd = ROOT,
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...rights, `${ROOT}${script}`, ...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a {@linkcode scriptCommand} to its end. */
export async function runScript(...command: Parameters<typeof scriptCommand>): Promise<Finished> {
  const { code, stdout, stderr } = await scriptCommand(...command).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Path of material in `../shared`, beside the project; undefined, said on stderr, where it is absent. */
export function sharedPath(path: string): string | undefined {
  const found = decodeURIComponent(new URL(`../../shared/${path}`, import.meta.url).pathname);
  try {
    Deno.statSync(found);
    return found;
  } catch {
    printError(`skipped: ../shared/${path} is absent`);
    return undefined;
  }
}

/** A folder for one test, removed when the test ends. */
export class TestFolder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "voxmark_test_" });

  /** Writes text, bytes or what becomes JSON below the folder; the path of the file. */
  write(below: string, content: string | ArrayBufferView<ArrayBuffer> | object): string {
    const path = `${this.path}/${below}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (ArrayBuffer.isView(content)) Deno.writeFileSync(path, bytesOf(content));
    else {
      Deno.writeTextFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    }
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);
