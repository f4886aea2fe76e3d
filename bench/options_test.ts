import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../std/errors.ts";
import type { Group } from "./case.ts";
import { fakeCase } from "./harness/fakes.ts";
import { listData, listText, parseOptions, selectCases } from "./options.ts";

const sized = (op: string, tier: "quick" | "tour" | "full") => ({
  ...fakeCase({ ref: () => 1 }),
  op,
  tier,
});
const GROUPS: Record<string, Group> = {
  first: { about: "one", cases: [sized("a", "quick"), sized("b", "tour"), sized("b", "full")] },
  second: { about: "two", cases: [sized("c", "full")] },
};
const all = () => ["ref"];

function selected(...args: string[]): string[] {
  return selectCases(GROUPS, parseOptions(args), all).map(({ op, tier }) => `${op} ${tier}`);
}

function message(...args: string[]): string {
  return assertThrows(() => selected(...args), InputError).message;
}

Deno.test("parseOptions() gives the tour on all cores of the CPU, when nothing is said", () => {
  assertEquals(parseOptions([]), {
    ids: [],
    backend: "cpu",
    data: undefined,
    threads: 0,
    quick: false,
    filter: undefined,
    list: false,
    json: false,
    out: "reports/out",
    help: false,
  });
});

Deno.test("parseOptions() reads every flag, in both spellings", () => {
  const args = ["kernel_map", "--backend=cuda", "--data", "a.arrow", "--threads", "2", "--quick"];
  const found = parseOptions([...args, "--filter", "^x", "--json", "--out", "o", "--dtype", "f32"]);
  assertEquals([found.ids, found.backend, found.data], [["kernel_map"], "cuda", "a.arrow"]);
  assertEquals([found.threads, found.quick, found.json, found.out], [2, true, true, "o"]);
  assertEquals(found.filter?.source, "^x");
});

Deno.test("parseOptions() keeps an ID a text, when it looks like a number", () => {
  assertEquals(parseOptions(["17"]).ids, ["17"]);
});

Deno.test("parseOptions() says what is wrong with a flag, when it cannot be meant", () => {
  const backend = 'Unknown backend "cuba": did you mean "cuda"? Known: cpu, cuda';
  assertEquals(message("--backend", "cuba"), backend);
  assertEquals(
    message("--dtype", "f16"),
    'Cannot bench in dtype "f16": it is not available yet in this build, which has f32',
  );
  assertEquals(message("--dtype", "f8").startsWith('Unknown dtype "f8"'), true);
  for (const threads of ["0", "-1", "1.5", "many", "1025"]) {
    assertEquals(
      message(`--threads=${threads}`),
      `Cannot bench with --threads "${threads}": a whole number from 1 to 1024 is needed`,
    );
  }
  assertEquals(message("--filter", "(").startsWith('Cannot use --filter "("'), true);
  assertEquals(message("--data"), "Cannot bench: --data needs a value");
  assertEquals(
    message("--quik").startsWith('Unknown option of bench "--quik": did you mean'),
    true,
  );
});

Deno.test("selectCases() takes the tour without an ID, all sizes with one, few with --quick", () => {
  assertEquals(selected(), ["a quick", "b tour"]);
  assertEquals(selected("--quick"), ["a quick"]);
  assertEquals(selected("first"), ["a quick", "b tour", "b full"]);
  assertEquals(selected("first", "--quick"), ["a quick"]);
  assertEquals(selected("all"), ["a quick", "b tour", "b full", "c full"]);
});

Deno.test("selectCases() takes an op as an ID, and several in the order of the list", () => {
  assertEquals(selected("b"), ["b tour", "b full"]);
  assertEquals(selected("c", "a"), ["a quick", "c full"]);
});

Deno.test("selectCases() names the nearest ID, when one is unknown", () => {
  assertEquals(
    message("secnd"),
    'Unknown case "secnd": did you mean "second"? Known: first, second, a, b, c, all',
  );
});

Deno.test("selectCases() says so, when nothing is left", () => {
  assertEquals(message("second", "--quick"), "Cannot bench: --quick leaves no case; see --list");
  const none = () => selectCases(GROUPS, parseOptions(["--filter", "x"]), () => []);
  const { message: text } = assertThrows(none, InputError);
  assertEquals(text, 'Cannot bench: --filter "x" leaves no case; see --list');
});

Deno.test("listText() and listData() name all groups and cases", () => {
  const text = listText(GROUPS);
  for (const part of ["first   one", "second  two", "  a/n=1  [quick]", "  c/n=1  [full]"]) {
    assertEquals(text.includes(part), true);
  }
  assertEquals(listData(GROUPS).map(({ id, cases }) => [id, cases.length]), [["first", 3], [
    "second",
    1,
  ]]);
});
