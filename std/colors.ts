/** `@std/fmt/colors` from the npm build of the Deno standard library, with the types it lacks. */
// @ts-types="./types/colors.d.ts"
export * from "deno-std/fmt/colors.js";
