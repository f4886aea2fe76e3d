/**
 * What tuning found, kept by device and by direction (forward pass, gradients of inputs, gradients
 * of weights): the fastest dataflow for a group of layers that share a map, by type, kernel volume,
 * channels and size of the map, so that it serves other scans and networks.
 */
import { z } from "zod";
import {
  type Backend,
  type Context,
  convTiles,
  deviceInfo,
  type Feature,
  variants,
  wgradTiles,
} from "../ffi/mod.ts";
import { InputError } from "../std/errors.ts";
import { writeTextAtomic } from "../std/files.ts";
import {
  DIRECTIONS,
  type EnginePlan,
  groupsOf,
  type LayerGroup,
  mappedConvs,
  sizeOf,
  type StepPlan,
} from "./dataflow.ts";
import type { Network } from "./network.ts";
import type { Scene } from "./scene.ts";

const FOLDER = ".cache/tuned";

const dataflow = z.strictObject({
  variant: z.string().min(1),
  settings: z.strictObject({
    epsilon: z.number().min(0).max(1).exactOptional(),
    threshold: z.number().int().nonnegative().exactOptional(),
    splits: z.number().int().positive().exactOptional(),
    tile: z.string().min(1).exactOptional(),
    pieces: z.number().int().positive().exactOptional(),
  }).exactOptional(),
});

const wgradDataflow = z.strictObject({
  variant: z.string().min(1),
  settings: z.strictObject({
    tile: z.string().min(1).exactOptional(),
    chunk: z.number().int().positive().exactOptional(),
  }).exactOptional(),
  pairs: z.boolean().exactOptional(),
});

/** By direction, and by {@linkcode groupKey}. */
const findings = {
  forward: z.record(z.string(), dataflow),
  dgrad: z.record(z.string(), dataflow),
  wgrad: z.record(z.string(), wgradDataflow),
};

const store = z.discriminatedUnion("schemaVersion", [
  z.strictObject({ schemaVersion: z.literal(2), device: z.string(), ...findings }),
  // Before gradients were tuned.
  z.strictObject({
    schemaVersion: z.literal(1),
    device: z.string(),
    forward: findings.forward,
  }).transform((old) => ({ ...old, dgrad: {}, wgrad: {} })),
]);

type Findings = Readonly<Pick<z.infer<typeof store>, "forward" | "dgrad" | "wgrad">>;

/** What the library runs on, and with how many threads. */
export function deviceName(backend: Backend, threads: number): string {
  const info = deviceInfo(backend);
  const name = info["name"] ?? "unknown";
  return backend === "cpu" ? `${name}, ${info["isa"]}, ${threads} threads` : name;
}

/** The file of a device. */
export function tunedPath(device: string): string {
  return `${FOLDER}/${device.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.json`;
}

/** Type, kernel volume, channels of its layers, and rows to the nearest power of two. */
export function groupKey({ layers }: LayerGroup, scene: Scene, dtype: Feature): string {
  const sizes = layers.map((layer) => sizeOf(layer, scene));
  const channels = [...new Set(sizes.map(({ cin, cout }) => `${cin}-${cout}`))].sort().join("+");
  const rows = Math.round(Math.log2(Math.max(1, sizes[0]!.outputs)));
  return `${dtype} k${sizes[0]!.kv} ${channels} 2^${rows}`;
}

/** The dataflow of the first layer of each group, by the key of the group. */
function byGroup<D>(
  plan: ReadonlyMap<string, D> | undefined,
  { network, scene, dtype }: TunedOn,
): Record<string, D> {
  return Object.fromEntries(
    groupsOf(mappedConvs(network)).flatMap((group) => {
      const best = plan?.get(group.layers[0]!.name);
      return best === undefined ? [] : [[groupKey(group, scene, dtype), best]];
    }),
  );
}

/** What dataflows were found for. */
export interface TunedOn {
  readonly network: Network;
  readonly scene: Scene;
  readonly dtype: Feature;
}

/**
 * Adds what was found for a network on a scan, in one direction or more, to the file of the device;
 * the rest of it stays.
 *
 * @throws {InputError} The file is there and not ours.
 */
export async function saveTuned(
  ctx: Context,
  plan: Partial<StepPlan>,
  on: TunedOn,
): Promise<string> {
  const device = deviceName(ctx.backend, ctx.threads);
  const path = tunedPath(device);
  const known = readStore(path);
  const all = {
    forward: { ...known?.forward, ...byGroup(plan.forward, on) },
    dgrad: { ...known?.dgrad, ...byGroup(plan.dgrad, on) },
    wgrad: { ...known?.wgrad, ...byGroup(plan.wgrad, on) },
  };
  await Deno.mkdir(FOLDER, { recursive: true });
  const text = JSON.stringify({ schemaVersion: 2, device, ...all }, undefined, 1);
  await writeTextAtomic(path, `${text}\n`);
  return path;
}

/** Names of the files in which something was found, of this device or brought from another. */
export function tunedNames(): string[] {
  try {
    return [...Deno.readDirSync(FOLDER)].filter(({ isFile }) => isFile)
      .flatMap(({ name }) => name.match(/^(.+)\.json$/)?.[1] ?? []).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The tuned dataflows of a device. */
export class TunedPlans {
  constructor(private readonly found: Findings) {}

  /**
   * Reads what was found on the device of one of {@linkcode tunedNames}.
   *
   * @throws {InputError} The file is gone or damaged.
   */
  static named(name: string): TunedPlans {
    const path = `${FOLDER}/${name}.json`;
    const found = readStore(path);
    if (found === undefined) throw new InputError(`Cannot read tuned dataflows: no "${path}"`);
    return new TunedPlans(found);
  }

  /**
   * Reads what was found on this device.
   *
   * @throws {InputError} Nothing was, the file is damaged, or a tile of it is no longer there.
   */
  static open(ctx: Context): TunedPlans {
    const device = deviceName(ctx.backend, ctx.threads);
    const path = tunedPath(device);
    const found = readStore(path);
    if (found === undefined) {
      throw new InputError(
        `Cannot use engine "tuned": there is no "${path}" for ${device}; deno task bench tune ` +
          `makes it`,
      );
    }
    for (const direction of DIRECTIONS) {
      const known = tilesOf(ctx, direction === "wgrad" ? "sparse_conv_wgrad" : "sparse_conv");
      for (const { settings } of Object.values(found[direction])) {
        const tile = settings?.tile;
        if (tile === undefined || known.has(tile)) continue;
        throw new InputError(
          `Cannot use "${path}": this library has no tile "${tile}" for ${direction} on ${device}; ` +
            `deno task bench tune finds others`,
        );
      }
    }
    return new TunedPlans(found);
  }

  /** The plan for a network on a scan; groups unlike all that were tuned run by default. */
  planFor(network: Network, scene: Scene, dtype: Feature): EnginePlan {
    return this.stepFor(network, scene, dtype).forward;
  }

  /** The same for a training step, each direction by what was found for it. */
  stepFor(network: Network, scene: Scene, dtype: Feature): StepPlan {
    const groups = groupsOf(mappedConvs(network)).map((group) => ({
      layers: group.layers,
      key: groupKey(group, scene, dtype),
    }));
    const plan = <D>(found: Readonly<Record<string, D>>): ReadonlyMap<string, D> =>
      new Map(
        groups.flatMap(({ layers, key }) => {
          const best = found[key];
          return best === undefined ? [] : layers.map(({ name }) => [name, best] as const);
        }),
      );
    const { forward, dgrad, wgrad } = this.found;
    return { forward: plan(forward), dgrad: plan(dgrad), wgrad: plan(wgrad) };
  }
}

/** Every tile that some variant of an op can be told to use in some type. */
function tilesOf(ctx: Context, op: "sparse_conv" | "sparse_conv_wgrad"): Set<string> {
  const types = ["f32", "bf16", "f16"] as const;
  const list = op === "sparse_conv" ? convTiles : wgradTiles;
  return new Set(
    variants(ctx.backend, op).flatMap((_, variant) =>
      types.flatMap((dtype) => list(ctx, variant, dtype))
    ),
  );
}

function readStore(path: string): Findings | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return store.parse(JSON.parse(text));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message.replaceAll(/\s+/g, " ") : String(cause);
    throw new InputError(`Cannot read tuned dataflows "${path}": ${detail}`, { cause });
  }
}
