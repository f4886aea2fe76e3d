/** Label files, folders and command lines that the tests of this room share. */
import { type Finished, runScript } from "../std/testing.ts";

/** A folder for one test, removed when the test ends. */
export class TestRoot implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "voxmark_eval_" });

  /** Writes a file below `sequences/`; numbers are raw labels, bytes are written as they are. */
  write(below: string, content: readonly number[] | Uint8Array<ArrayBuffer>): string {
    const path = `${this.path}/sequences/${below}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    const bytes = content instanceof Uint8Array
      ? content
      : new Uint8Array(Uint32Array.from(content).buffer);
    Deno.writeFileSync(path, bytes);
    return path;
  }

  /** Writes labels and predictions of sequence 08, frame by frame. */
  frames(...pairs: readonly (readonly [readonly number[], readonly number[]])[]): this {
    pairs.forEach(([labels, predictions], i) => {
      const name = `${String(i).padStart(6, "0")}.label`;
      this.write(`08/labels/${name}`, labels);
      this.write(`08/predictions/${name}`, predictions);
    });
    return this;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** Runs `deno task eval ...args` with the permissions that the task has. */
export function runCli(...args: string[]): Promise<Finished> {
  return runScript("eval/main.ts", ["--allow-read", "--allow-write"], args);
}
