/** `deno task bench` with one case, which has a wrong variant: what `main_test.ts` runs. */
import { runMain } from "../../std/main.ts";
import { fakeCase } from "../harness/fakes.ts";
import { main } from "../main.ts";

const item = fakeCase({ good: () => 1, wrong: () => 2, ref: () => 1 });
const groups = { fake: { about: "a wrong variant", cases: [item] } };
await runMain(() => main(Deno.args, { groups, tables: {} }));
