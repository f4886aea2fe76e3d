import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../std/errors.ts";
import { datasetNamed, DATASETS } from "./registry.ts";

Deno.test("DATASETS lists each data set under the name its files carry", () => {
  for (const [name, dataset] of Object.entries(DATASETS)) {
    assertEquals(dataset.metadata.dataset, name);
    assertEquals(datasetNamed(name), dataset);
  }
});

Deno.test("datasetNamed() names the nearest data set when there is none", () => {
  assertThrows(() => datasetNamed("kitti-objects"), InputError, 'did you mean "kitti-object"?');
  assertThrows(() => datasetNamed("constructor"), InputError, 'Unknown data set "constructor"');
});
