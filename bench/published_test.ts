import { assert } from "@std/assert";
import { loadPublished } from "../reports/published/load.ts";
import { TABLES } from "./tables.ts";

Deno.test("a published table names a bench table that exists", async () => {
  const published = await loadPublished();
  assert(published.length > 0);
  for (const { id, reproducedBy } of published) {
    assert(
      reproducedBy === undefined || Object.hasOwn(TABLES, reproducedBy),
      `${id} says that "${reproducedBy}" measures it`,
    );
  }
});
