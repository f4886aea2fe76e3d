// Types of @std/cli/parse-args as the project uses it; deno-std ships JavaScript only.
export interface ParseOptions {
  boolean?: readonly string[];
  string?: readonly string[];
  alias?: Record<string, string | readonly string[]>;
  default?: Record<string, unknown>;
  "--"?: boolean;
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}
export interface Args {
  _: (string | number)[];
  [flag: string]: unknown;
}
export function parseArgs(args: readonly string[], options?: ParseOptions): Args;
