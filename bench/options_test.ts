import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../std/errors.ts";
import { OURS } from "./harness/protocol.ts";
import { parseOptions } from "./options.ts";

function message(...args: string[]): string {
  return assertThrows(() => parseOptions(args), InputError).message;
}

Deno.test("parseOptions() gives the tour on all cores of the CPU, when nothing is said", () => {
  assertEquals(parseOptions([]), {
    ids: [],
    backend: "cpu",
    dtype: "f32",
    data: undefined,
    threads: 0,
    quick: false,
    protocol: OURS,
    filter: undefined,
    engine: undefined,
    peers: [],
    list: false,
    json: false,
    out: "reports/out",
    help: false,
  });
});

Deno.test("parseOptions() gives a table its ID, when it is asked for by another name", () => {
  assertEquals(parseOptions(["spvnas-model-zoo", "bev_pool"]).ids, ["model-zoo", "bev_pool"]);
});

Deno.test("parseOptions() reads every flag, in both spellings", () => {
  const args = ["kernel_map", "--backend=cuda", "--data", "a.arrow", "--threads", "2", "--quick"];
  const found = parseOptions([
    ...args,
    "--filter",
    "^x",
    "--json",
    "--out",
    "o",
    "--dtype",
    "bf16",
  ]);
  assertEquals([found.ids, found.backend, found.data], [["kernel_map"], "cuda", "a.arrow"]);
  assertEquals([found.threads, found.quick, found.json, found.out], [2, true, true, "o"]);
  assertEquals(found.dtype, "bf16");
  assertEquals(found.filter?.source, "^x");
});

Deno.test("parseOptions() keeps an ID a text, when it looks like a number", () => {
  assertEquals(parseOptions(["17"]).ids, ["17"]);
});

Deno.test("parseOptions() says what is wrong with a flag, when it cannot be meant", () => {
  const backend = 'Unknown backend "cuba": did you mean "cuda"? Known: cpu, cuda';
  assertEquals(message("--backend", "cuba"), backend);
  assertEquals(
    message("--dtype", "tf32"),
    'Cannot bench in dtype "tf32": it is not available yet in this build, which has f32, bf16, f16',
  );
  assertEquals(message("--dtype", "f8").startsWith('Unknown dtype "f8"'), true);
  for (const threads of ["0", "-1", "1.5", "many", "1025"]) {
    assertEquals(
      message(`--threads=${threads}`),
      `Cannot bench with --threads "${threads}": a whole number from 1 to 1024 is needed`,
    );
  }
  assertEquals(message("--filter", "(").startsWith('Cannot use --filter "("'), true);
  assertEquals(message("--protocol", "spcnv").startsWith('Unknown protocol "spcnv"'), true);
  assertEquals(
    message("--quick", "--protocol", "spconv"),
    "Cannot bench with --quick and --protocol spconv: a protocol says how many samples it needs, " +
      "and --quick takes fewer",
  );
  assertEquals(message("--data"), "Cannot bench: --data needs a value");
  assertEquals(
    message("--quik").startsWith('Unknown option of bench "--quik": did you mean'),
    true,
  );
});
