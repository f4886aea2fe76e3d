/**
 * What tuning found, kept by device: the fastest dataflow for a group of layers that share a map, by
 * type, kernel volume, channels and size of the map, so that it serves other scans and networks.
 */
import { z } from "zod";
import {
  type Backend,
  type Context,
  convTiles,
  deviceInfo,
  type Feature,
  variants,
} from "../ffi/mod.ts";
import { InputError } from "../std/errors.ts";
import { writeTextAtomic } from "../std/files.ts";
import {
  type Dataflow,
  type EnginePlan,
  groupsOf,
  type LayerGroup,
  mappedConvs,
  sizeOf,
} from "./dataflow.ts";
import type { Network } from "./network.ts";
import type { Scene } from "./scene.ts";
import type { Tuned } from "./tune.ts";

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

const store = z.strictObject({
  schemaVersion: z.literal(1),
  device: z.string(),
  /** By {@linkcode groupKey}. */
  forward: z.record(z.string(), dataflow),
});

type Store = z.infer<typeof store>;

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

/**
 * Adds what was found for a network on a scan to the file of the device; the rest of it stays.
 *
 * @throws {InputError} The file is there and not ours.
 */
export async function saveTuned(
  ctx: Context,
  tuned: Tuned,
  { network, scene, dtype }: { network: Network; scene: Scene; dtype: Feature },
): Promise<string> {
  const device = deviceName(ctx.backend, ctx.threads);
  const path = tunedPath(device);
  const known = readStore(path);
  const forward: Record<string, Dataflow> = { ...known?.forward };
  for (const group of groupsOf(mappedConvs(network))) {
    const best = tuned.plan.get(group.layers[0]!.name);
    if (best !== undefined) forward[groupKey(group, scene, dtype)] = best;
  }
  await Deno.mkdir(FOLDER, { recursive: true });
  const text = JSON.stringify({ schemaVersion: 1, device, forward }, undefined, 1);
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
  constructor(private readonly forward: Readonly<Record<string, Dataflow>>) {}

  /**
   * Reads what was found on the device of one of {@linkcode tunedNames}.
   *
   * @throws {InputError} The file is gone or damaged.
   */
  static named(name: string): TunedPlans {
    const path = `${FOLDER}/${name}.json`;
    const found = readStore(path);
    if (found === undefined) throw new InputError(`Cannot read tuned dataflows: no "${path}"`);
    return new TunedPlans(found.forward);
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
    const known = tilesOf(ctx);
    for (const { settings } of Object.values(found.forward)) {
      const tile = settings?.tile;
      if (tile === undefined || known.has(tile)) continue;
      throw new InputError(
        `Cannot use "${path}": this library has no tile "${tile}" for ${device}; deno task bench ` +
          `tune finds others`,
      );
    }
    return new TunedPlans(found.forward);
  }

  /** The plan for a network on a scan; groups unlike all that were tuned run by default. */
  planFor(network: Network, scene: Scene, dtype: Feature): EnginePlan {
    return new Map(
      groupsOf(mappedConvs(network)).flatMap((group) => {
        const best = this.forward[groupKey(group, scene, dtype)];
        return best === undefined ? [] : group.layers.map(({ name }) => [name, best] as const);
      }),
    );
  }
}

/** Every tile that some variant can be told to use in some type. */
function tilesOf(ctx: Context): Set<string> {
  const types = ["f32", "bf16", "f16"] as const;
  return new Set(
    variants(ctx.backend, "sparse_conv").flatMap((_, variant) =>
      types.flatMap((dtype) => convTiles(ctx, variant, dtype))
    ),
  );
}

function readStore(path: string): Store | undefined {
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
