/** What all networks of `eval model` start with: weights, and what their predictions depend on. */
import { readCheckpoint } from "../../models/checkpoint/checkpoint.ts";
import type { Network } from "../../models/network.ts";
import { randomWeights, type Weights, weightsFrom } from "../../models/weights.ts";
import type { ModelCommand } from "./args.ts";
import type { Manifest } from "./predictions.ts";

export const RANDOM =
  "the weights are random (no --weights was given): the score says nothing of " +
  "the network and goes into no table";

/** The weights of --weights, or random ones. */
export async function weightsOf({ weights }: ModelCommand, network: Network): Promise<Weights> {
  if (weights === undefined) return randomWeights(network, 1);
  return weightsFrom(network, await readCheckpoint(weights), weights);
}

/** What decides the predictions. A weights file is known by its content. */
export async function manifestOf(command: ModelCommand): Promise<Manifest> {
  const { name, weights, config, dtype } = command;
  const digest = async (path: string | undefined) => {
    if (path === undefined) return null;
    const hash = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
    return new Uint8Array(hash).toHex();
  };
  return { model: name, weights: await digest(weights), config: await digest(config), dtype };
}
