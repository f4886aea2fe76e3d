/** What TransFusion does between its heatmap and its decoder: proposals, their features, places. */
import { devoxelize, type Tensor } from "../../ffi/mod.ts";
import { sigmoid } from "../detection/box.ts";
import type { Device, Kernel, Layer, Parameter } from "../layer.ts";
import type { GridValue } from "../planes.ts";
import { requireDense } from "./join.ts";

type F32 = Tensor<"f32">;

/** Channels of a proposal: place along x and y in cells, class, score. */
export const PROPOSAL = 4;

interface Proposal {
  readonly cell: number;
  readonly label: number;
  readonly score: number;
}

/** The likeliest peaks of a heatmap [cells, classes], from the highest score on. */
export class Proposals implements Layer {
  readonly name = "proposals";
  readonly op = "top_k";
  readonly parameters = [];
  readonly reads: readonly GridValue[];

  constructor(
    readonly from: GridValue,
    readonly to: GridValue,
    /** Classes so small that every cell is a peak. */
    private readonly small: ReadonlySet<number>,
  ) {
    this.reads = [from];
  }

  load(): Kernel {
    const { size: [nx, ny] } = this.from.space;
    const count = this.to.space.size[0];
    const classes = this.from.channels;
    return ({ at, scene }) => {
      const heat = (at(this.from) as F32).download().map(sigmoid);
      const out = new Float32Array(scene.batches * count * PROPOSAL);
      for (let batch = 0; batch < scene.batches; batch++) {
        const own = heat.subarray(batch * nx * ny * classes, (batch + 1) * nx * ny * classes);
        this.#best(own, count).forEach(({ cell, label, score }, i) => {
          const place = [Math.floor(cell / ny) + 0.5, cell % ny + 0.5];
          out.set([...place, label, score], (batch * count + i) * PROPOSAL);
        });
      }
      (at(this.to) as F32).upload(out);
    };
  }

  /** From the highest score on; what is no peak has score 0. Ties: class by class, cell by cell. */
  #best(heat: Float32Array, count: number): Proposal[] {
    const classes = this.from.channels;
    const cells = heat.length / classes;
    const best: Proposal[] = [];
    for (let label = 0; label < classes; label++) {
      const small = this.small.has(label);
      for (let cell = 0; cell < cells; cell++) {
        const value = heat[cell * classes + label]!;
        // Of some 300,000 nearly all are below the last: the neighbours of those are not looked at.
        if (best.length === count && value <= best.at(-1)!.score) continue;
        const score = small || this.#isPeak(heat, cell, label) ? value : 0;
        if (best.length === count && score <= best.at(-1)!.score) continue;
        const place = best.findIndex((other) => score > other.score);
        best.splice(place < 0 ? best.length : place, 0, { cell, label, score });
        if (best.length > count) best.pop();
      }
    }
    return best;
  }

  /** Not less than all eight cells around it; the outermost cells are none. */
  #isPeak(heat: Float32Array, cell: number, label: number): boolean {
    const { size: [nx, ny] } = this.from.space;
    const classes = this.from.channels;
    const [x, y] = [Math.floor(cell / ny), cell % ny];
    if (x === 0 || y === 0 || x === nx - 1 || y === ny - 1) return false;
    const own = heat[cell * classes + label]!;
    for (let dx = -1; dx <= 1; dx++) {
      for (let dy = -1; dy <= 1; dy++) {
        if (heat[(cell + dx * ny + dy) * classes + label]! > own) return false;
      }
    }
    return true;
  }
}

/** The features of a proposal's cell plus the encoding of its class. */
export class QueryFeatures implements Layer {
  readonly op = "query_features";
  readonly reads: readonly GridValue[];

  constructor(
    /** Of the encoding: nn.Conv1d over one-hot classes. */
    readonly name: string,
    readonly from: GridValue,
    readonly proposals: GridValue,
    readonly to: GridValue,
    private readonly classes: number,
  ) {
    this.reads = [from, proposals];
  }

  get parameters(): Parameter[] {
    const { name, to: { channels }, classes } = this;
    return [
      { name: `${name}.weight`, shape: [channels, classes, 1], kind: "weight", terms: classes },
      { name: `${name}.bias`, shape: [channels], kind: "weight" },
    ];
  }

  load(device: Device): Kernel {
    requireDense(device, "gather");
    const { name, from, proposals, to, classes } = this;
    const [weight, bias] = ["weight", "bias"].map((part) => device.weights(`${name}.${part}`)) as [
      Float32Array,
      Float32Array,
    ];
    const [nx, ny] = from.space.size;
    return ({ at, scene }) => {
      const chosen = (at(proposals) as F32).download();
      const rows = chosen.length / PROPOSAL;
      const index = Int32Array.from({ length: rows }, (_, i) => {
        const batch = Math.floor(i / (rows / scene.batches));
        const [x, y] = [chosen[PROPOSAL * i]! - 0.5, chosen[PROPOSAL * i + 1]! - 0.5];
        return (batch * nx + x) * ny + y;
      });
      using on = device.ctx.tensorFrom("i32", [rows, 1], index);
      const out = at(to) as F32;
      devoxelize(at(from) as F32, on, null, out);
      out.upload(
        out.download().map((value, i) => {
          const [row, c] = [Math.floor(i / to.channels), i % to.channels];
          return value + weight[c * classes + chosen[PROPOSAL * row + 2]!]! + bias[c]!;
        }),
      );
    };
  }
}

/** x and y in cells: of proposals, or of the centres of all cells of a map. */
export class Places implements Layer {
  readonly name = "places";
  readonly op = "places";
  readonly parameters = [];
  readonly reads: readonly GridValue[];

  constructor(
    readonly from: GridValue,
    readonly to: GridValue,
    readonly of: "proposals" | "cells",
  ) {
    this.reads = [from];
  }

  load(): Kernel {
    const { size: [nx, ny] } = this.from.space;
    return ({ at, scene }) => {
      const rows = scene.rows(this.to.space);
      const chosen = this.of === "proposals" ? (at(this.from) as F32).download() : null;
      const place = (row: number, axis: number) =>
        chosen?.[PROPOSAL * row + axis] ??
          (axis === 0 ? Math.floor(row / ny) % nx : row % ny) + 0.5;
      (at(this.to) as F32).upload(
        Float32Array.from({ length: 2 * rows }, (_, i) => place(i >> 1, i & 1)),
      );
    };
  }
}
