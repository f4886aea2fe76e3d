import { NetworkBuilder } from "../network.ts";
import { bevSpace } from "../planes.ts";
import { randomFloats } from "../random.ts";
import { assertClose, attention, plus, type Rows, Rowwise, run } from "../reference_rows.ts";
import { randomWeights } from "../weights.ts";
import { swin } from "./swin.ts";

/** By its series. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}
const gelu = (x: Rows): Rows => x.map((row) => row.map((v) => v / 2 * (1 + erf(v / Math.SQRT2))));

/** One block on one image: pad, roll, cut into windows, mask, attend, put back (the paper's way). */
function swinBlock(
  net: Rowwise,
  x: Rows,
  [h, w]: readonly [number, number],
  name: string,
  heads: number,
  shift: number,
): Rows {
  const c = x[0]!.length;
  const [high, wide] = [Math.ceil(h / 7) * 7, Math.ceil(w / 7) * 7];
  const normed = net.layerNorm(x, `${name}.norm1`);
  const padded: Rows = [];
  const region: number[] = [];
  const part = (at: number, n: number) => at < n - 7 ? 0 : at < n - shift ? 1 : 2;
  for (let i = 0; i < high * wide; i++) {
    // Rolled by -shift.
    const [y, u] = [(Math.floor(i / wide) + shift) % high, (i % wide + shift) % wide];
    padded.push(y < h && u < w ? normed[y * w + u]! : new Float64Array(c));
    region.push(shift === 0 ? 0 : 3 * part(Math.floor(i / wide), high) + part(i % wide, wide));
  }
  const qkv = net.named(padded, `${name}.attn.w_msa.qkv`);
  const table = net.get(`${name}.attn.w_msa.relative_position_bias_table`);
  const joined: Rows = padded.map(() => new Float64Array(c));
  for (let top = 0; top < high; top += 7) {
    for (let left = 0; left < wide; left += 7) {
      const at = Array.from(
        { length: 49 },
        (_, t) => (top + Math.floor(t / 7)) * wide + left + t % 7,
      );
      const parts = [0, 1, 2].map((p) => at.map((i) => qkv[i]!.slice(p * c, (p + 1) * c)));
      const out = attention(parts, heads, (head, i, j) => {
        const [dy, dx] = [Math.floor(i / 7) - Math.floor(j / 7), i % 7 - j % 7];
        const apart = region[at[i]!] === region[at[j]!] ? 0 : -100;
        return table[((dy + 6) * 13 + dx + 6) * heads + head]! + apart;
      });
      out.forEach((row, t) => joined[at[t]!] = row);
    }
  }
  const projected = net.named(joined, `${name}.attn.w_msa.proj`);
  const attended = x.map((_, i) => {
    const [y, u] = [Math.floor(i / w) - shift + high, i % w - shift + wide];
    return projected[y % high * wide + u % wide]!;
  });
  const sum = plus(x, attended);
  const hidden = gelu(net.named(net.layerNorm(sum, `${name}.norm2`), `${name}.ffn.layers.0.0`));
  return plus(sum, net.named(hidden, `${name}.ffn.layers.1`));
}

Deno.test("swin() gives what the paper's steps give, with pads, moved windows and merged patches", () => {
  const [h, w, copies] = [36, 44, 2];
  const size = { channels: 8, depths: [2, 2], heads: [2, 4] };
  const net = new NetworkBuilder();
  const images = net.input({ ...bevSpace([h, w, 1]), copies }, 3);
  const network = net.build("swin", swin(net, "swin", images, size));
  const weights = randomWeights(network, 3);
  const pixels = randomFloats(copies * h * w * 3, 4);
  const of = new Rowwise(weights);
  const expected = Array.from({ length: copies }, (_, image) => {
    const at = (y: number, x: number) =>
      pixels.subarray(((image * h + y) * w + x) * 3, ((image * h + y) * w + x) * 3 + 3);
    // A patch as PyTorch's weights have it: channel, row, column.
    const patches = Array.from({ length: h / 4 * w / 4 }, (_, i) => {
      const [y, x] = [Math.floor(i / (w / 4)) * 4, i % (w / 4) * 4];
      return Float64Array.from(
        { length: 48 },
        (_, e) => at(y + (e >> 2) % 4, x + e % 4)[e >> 4]!,
      );
    });
    const embedded = of.named(patches, "swin.patch_embed.projection");
    let x = of.layerNorm(embedded, "swin.patch_embed.norm");
    for (const i of [0, 1]) x = swinBlock(of, x, [9, 11], `swin.stages.0.blocks.${i}`, 2, 3 * i);
    // 9 x 11 becomes 5 x 6 with a row and a column of zeros.
    const merged = Array.from({ length: 30 }, (_, i) => {
      const [y, u] = [2 * Math.floor(i / 6), 2 * (i % 6)];
      return Float64Array.from({ length: 32 }, (_, e) => {
        const [v, s] = [y + (e >> 1) % 2, u + e % 2];
        return v < 9 && s < 11 ? x[v * 11 + s]![e >> 2]! : 0;
      });
    });
    const normed = of.layerNorm(merged, "swin.stages.0.downsample.norm");
    x = of.named(normed, "swin.stages.0.downsample.reduction", false);
    for (const i of [0, 1]) x = swinBlock(of, x, [5, 6], `swin.stages.1.blocks.${i}`, 4, 3 * i);
    return of.layerNorm(x, "swin.norm1");
  });
  const [found] = run(network, weights, [pixels]);
  assertClose(found!, expected.flat());
});
