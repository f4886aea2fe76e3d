import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { InputError } from "../std/errors.ts";
import { runScript } from "../std/testing.ts";
import { skippedTests, stagesOf } from "./ok_cuda.ts";
import { nativeArch } from "./toolchain.ts";

Deno.test("skippedTests() reads the last line of the test runner, coloured or not", () => {
  assertEquals(skippedTests("ok | 30 passed | 0 failed | 7 ignored (16s)\n"), 7);
  assertEquals(
    skippedTests("\x1b[32mok\x1b[0m | 3 passed | 0 failed | 2 ignored | 9 filtered out"),
    2,
  );
  assertEquals(skippedTests("FAILED | 3 passed | 1 failed | 9 filtered out (1s)"), 0);
  assertEquals(skippedTests("a test that says 5 ignored\nok | 1 passed | 0 failed (1s)"), 0);
});

Deno.test("stagesOf() takes one stage or all, and names those there are", () => {
  assertEquals(stagesOf("fuzz"), ["fuzz"]);
  assertEquals(stagesOf(undefined), ["build", "tests", "fuzz", "bench"]);
  assertThrows(() => stagesOf("fuz"), InputError, 'Unknown stage "fuz"');
});

Deno.test("ok:cuda says in one line that there is no GPU, and exits 2", async () => {
  if (await nativeArch() !== undefined) return;
  const rights = ["--allow-read", "--allow-write", "--allow-run", "--allow-env=CXX,CUDA_HOME"];
  const { code, stdout, stderr } = await runScript("kernels/ok_cuda.ts", rights, []);
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /^error: [^\n]*nvidia-smi found no GPU\n$/);
});
