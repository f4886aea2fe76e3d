/** `@std/assert` from the npm build of the Deno standard library, with the types it lacks. */
// @ts-types="./types/assert.d.ts"
export * from "deno-std/assert/mod.js";
