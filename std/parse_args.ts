/** `@std/cli/parse-args` from the npm build of the Deno standard library, with the types it lacks. */
// @ts-types="./types/parse_args.d.ts"
export * from "deno-std/cli/parse_args.js";
