import { assertEquals } from "@std/assert";
import { ABI_VERSION, STATUS_NAMES } from "./errors.ts";
import { DTYPES } from "./context.ts";
import { SYMBOLS } from "./symbols.ts";

const NATIVE: Record<string, string> = {
  "void": "void",
  "int32_t": "i32",
  "vmk_status": "i32",
  "vmk_dtype": "i32",
  "int64_t": "i64",
  "double": "f64",
  "float": "f32",
  "vmk_ctx*": "pointer",
  "vmk_tensor*": "pointer",
  "vmk_plan*": "pointer",
  "vmk_tensor* const*": "buffer",
  "void*": "buffer",
  "char*": "buffer",
  "float*": "buffer",
  "int32_t*": "buffer",
  "int64_t*": "buffer",
};

function native(declaration: string): string {
  const type = declaration.replace("const ", "").replace(/ ?\b[a-z_]+$/, "").trim();
  return NATIVE[type] ?? `unknown C type "${type}"`;
}

const header = Deno.readTextFileSync(new URL("../kernels/include/voxmark.h", import.meta.url));

/** Values of `#define PREFIX_NAME value`. */
function defined(name: string): number {
  const found = header.match(new RegExp(`#define ${name} \\(?(-?\\d+)`));
  if (!found) throw new Error(`voxmark.h does not define ${name}`);
  return Number(found[1]);
}

Deno.test("SYMBOLS matches voxmark.h, symbol for symbol", () => {
  const declared: Record<string, unknown> = {};
  for (
    const [, result, name, list] of header.matchAll(/VMK_API ([\w ]+\*?) (vmk_\w+)\(([^)]*)\);/g)
  ) {
    const parameters = list!.trim() === "void"
      ? []
      : list!.split(",").map((p) => native(p.trim().replace(/\s+/g, " ")));
    declared[name!] = { parameters, result: native(`${result} x`) };
  }
  const bound = Object.fromEntries(
    Object.entries(SYMBOLS).map(([name, { parameters, result }]) => [name, { parameters, result }]),
  );
  assertEquals(bound, declared);
});

Deno.test("the constants of the binding are those of voxmark.h", () => {
  assertEquals(ABI_VERSION, defined("VMK_ABI_VERSION"));
  for (const [name, { id }] of Object.entries(DTYPES)) {
    assertEquals(id, defined(`VMK_${name.toUpperCase()}`), name);
  }
  const texts = ["OK", "INVALID_ARGUMENT", "UNSUPPORTED", "OUT_OF_MEMORY", "DEVICE_ERROR"]
    .concat("INTERNAL", "CAPACITY");
  assertEquals(texts.map((name) => defined(`VMK_${name}`)), [...STATUS_NAMES.keys()]);
});
