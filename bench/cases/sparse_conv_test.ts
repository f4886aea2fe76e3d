import { assertEquals } from "@std/assert";
import { checkedRows } from "./sparse_conv.ts";

Deno.test("checkedRows() takes 2,000 rows, fewer where they are dear, and never more than there are", () => {
  assertEquals(checkedRows(90_000, 300_000, 4, 32), 2000);
  assertEquals(checkedRows(14_000, 120_000, 256, 256), 256);
  // 10 pairs a row of 96 x 96 multiplications: 1e8 allow 1085 rows.
  assertEquals(checkedRows(10_000, 100_000, 96, 96), 1085);
  assertEquals(checkedRows(10, 20, 4, 4), 10);
});
