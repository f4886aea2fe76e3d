import { parseArgs } from "@std/cli/parse-args";
import { InputError, unknownName } from "../../std/errors.ts";

/** `deno task eval scene PATH --html FILE ...` */
export interface SceneCommand {
  /** A file or folder of scans. */
  readonly path: string;
  /** Which of its scans, from 0. */
  readonly scan: number;
  /** A `.label` file, or a folder that `eval model --out` wrote. */
  readonly predictions: string | undefined;
  readonly html: string;
  readonly open: boolean;
}

const VALUES = ["scan", "pred", "html"] as const;
const SWITCHES = ["open", "help"] as const;
/** Where --open writes when no file is named; git ignores it. */
const DEFAULT_HTML = "reports/out/scene.html";

/**
 * Reads what follows `eval scene`; "help" when that is asked for.
 *
 * @throws {InputError} A flag is unknown, lacks its value or has a wrong one, or one is missing.
 */
export function parseSceneCommand(args: readonly string[]): SceneCommand | "help" {
  const flags = parseArgs(args, {
    boolean: SWITCHES,
    string: [...VALUES, "_"],
    unknown: (arg, key) => {
      if (key === undefined) return;
      const known = [...VALUES, ...SWITCHES].map((name) => `--${name}`);
      throw unknownName("option", arg.split("=")[0]!, known);
    },
  });
  const text = (name: typeof VALUES[number]) => {
    const value = flags[name];
    if (value === undefined || (typeof value === "string" && value !== "")) return value;
    throw new InputError(`Cannot read --${name}: one value is needed`);
  };
  if (flags["help"]) return "help";
  const paths = flags._.map(String);
  if (paths.length !== 1) {
    throw new InputError(
      `Cannot show a scan: ${paths.length} paths are named, and one file or folder of scans is needed`,
    );
  }
  const open = flags["open"] === true;
  const html = text("html") ?? (open ? DEFAULT_HTML : undefined);
  if (html === undefined) {
    throw new InputError("Cannot show a scan: --html FILE or --open is needed");
  }
  return {
    path: paths[0]!,
    scan: indexOf(text("scan") ?? "0"),
    predictions: text("pred"),
    html,
    open,
  };
}

function indexOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InputError(`Cannot use --scan "${text}": a whole number from 0 on is needed`);
}

/** The text of `eval scene --help`. */
export function sceneUsage(): string {
  return `deno task eval scene PATH --html FILE [options]   a scan in 3-D as one HTML file

PATH is a file or folder of \`deno task data convert\` or \`data synth\`. Points are shown in the
colours of their labels, predictions, errors, height or intensity, boxes as their edges.

  --html FILE      where the file goes
  --scan N         which scan (default 0)
  --pred PATH      predictions: a .label file, or the folder that \`eval model --out\` wrote
  --open           show the file (default ${DEFAULT_HTML}) in the browser

Exit code: 0 done, 2 bad usage or bad input.`;
}
