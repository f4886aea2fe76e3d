/**
 * The detection head of BEVFusion: TransFusion (Bai et al. 2022) with one decoder layer. Peaks of a
 * heatmap become queries, which look at each other and at the whole map, and say what box they are.
 */
import { LayerNorm } from "../layers/row_norm.ts";
import { MultiHead } from "../layers/multi_head.ts";
import { Places, PROPOSAL, Proposals, QueryFeatures } from "../layers/queries.ts";
import type { NetworkBuilder } from "../network.ts";
import { bevSpace, type GridValue, Planes } from "../planes.ts";
import { batchNorm } from "../blocks.ts";

const CHANNELS = 128;
const HEADS = 8;
/** Boxes of a scan. */
const QUERIES = 200;
/** nuScenes' pedestrian and traffic cone: each cell is a peak of its own. */
const SMALL = new Set([8, 9]);

/** Predictions of a query, in the order of the outputs behind the proposals. */
const QUERY_HEADS = [
  ["center", 2],
  ["height", 1],
  ["dim", 3],
  ["rot", 2],
  ["vel", 2],
] as const;

/** The proposals, then what each query predicts: QUERY_HEADS and the classes. */
export function transfusionHead(
  net: NetworkBuilder,
  planes: Planes,
  name: string,
  bev: GridValue,
  classes: number,
): GridValue[] {
  const map = planes.conv(`${name}.shared_conv`, bev, CHANNELS, { bias: true, relu: false });
  const heat = `${name}.heatmap_head`;
  const inner = planes.conv(`${heat}.0.conv`, map, CHANNELS, { norm: batchNorm(`${heat}.0.bn`) });
  const heatmap = planes.conv(`${heat}.1`, inner, classes, { bias: true, relu: false });
  const queries = bevSpace([QUERIES, 1, 1]);
  const proposals = net.value(queries, PROPOSAL);
  net.add(new Proposals(heatmap, proposals, SMALL));
  const features = net.value(queries, CHANNELS);
  net.add(new QueryFeatures(`${name}.class_encoding`, map, proposals, features, classes));
  const x = decoderLayer(net, `${name}.decoder.0`, features, proposals, map);
  const heads = [...QUERY_HEADS, ["heatmap", classes] as const];
  return [
    proposals,
    ...heads.map(([head, channels]) => {
      const at = `${name}.prediction_heads.0.${head}`;
      const hidden = conv1d(net, `${at}.0.conv`, x, 64, {
        bias: null,
        norm: batchNorm(`${at}.0.bn`),
        relu: true,
      });
      return conv1d(net, `${at}.1`, hidden, channels);
    }),
  ];
}

/** nn.Conv1d with kernel 1. */
const conv1d = (
  net: NetworkBuilder,
  name: string,
  from: GridValue,
  channels: number,
  options: Parameters<NetworkBuilder["linear"]>[3] = {},
) => net.linear(name, from, channels, { layout: "conv1d", ...options });

/** Post-norm: attention among queries, attention to the map, two linear layers. */
function decoderLayer(
  net: NetworkBuilder,
  name: string,
  features: GridValue,
  proposals: GridValue,
  map: GridValue,
): GridValue {
  const own = places(net, `${name}.self_posembed`, proposals, "proposals");
  const cells = places(net, `${name}.cross_posembed`, map, "cells");
  const attended = (part: string, queries: GridValue, others: GridValue) => {
    const to = net.value(queries.space, CHANNELS);
    return net.add(new MultiHead(`${name}.${part}`, queries, others, to, HEADS)) as GridValue;
  };
  const normed = (part: string, from: GridValue) => {
    const to = net.value(from.space, CHANNELS);
    return net.add(new LayerNorm(`${name}.${part}`, from, to)) as GridValue;
  };
  const placed = net.sum(features, own);
  const among = attended("self_attn", placed, placed);
  const x = normed("norm1", net.sum(features, among));
  const around = attended("multihead_attn", net.sum(x, own), net.sum(map, cells));
  const y = normed("norm2", net.sum(x, around));
  const hidden = net.linear(`${name}.linear1`, y, 2 * CHANNELS, { relu: true });
  return normed("norm3", net.linear(`${name}.linear2`, hidden, CHANNELS, { residual: y }));
}

/** Places through two layers of 1 x 1. */
function places(net: NetworkBuilder, name: string, from: GridValue, of: Places["of"]): GridValue {
  const at = net.value(from.space, 2);
  net.add(new Places(from, at, of));
  const embed = `${name}.position_embedding_head`;
  const hidden = conv1d(net, `${embed}.0`, at, CHANNELS, {
    norm: batchNorm(`${embed}.1`),
    relu: true,
  });
  return conv1d(net, `${embed}.3`, hidden, CHANNELS);
}
