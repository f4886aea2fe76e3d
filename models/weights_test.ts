import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { InputError } from "../std/errors.ts";
import { countParams, elements, parametersOf } from "./count.ts";
import { minkunet } from "./nets/minkunet.ts";
import { spvcnn } from "./nets/spvcnn.ts";
import { randomWeights, type State, type StateTensor, weightsFrom } from "./weights.ts";

const network = minkunet({ ratio: 0.25, classes: 19 });

/** A checkpoint of zeros that fits `network`. */
function zeros(): Map<string, StateTensor> {
  return new Map(
    parametersOf(network).map((parameter) => [parameter.name, {
      shape: parameter.shape,
      floats: () => new Float32Array(elements(parameter)),
    }]),
  );
}

const refusal = (state: State) =>
  assertThrows(() => weightsFrom(network, state, "a.pt"), InputError).message;

Deno.test("weightsFrom() lists missing, unexpected and misshapen tensors together", () => {
  const state = zeros();
  state.delete("stem.0.kernel");
  state.delete("up4.1.1.net.4.running_var");
  state.set("extra.weight", { shape: [1], floats: () => new Float32Array(1) });
  state.set("classifier.0.weight", { shape: [17, 24], floats: () => new Float32Array(17 * 24) });
  const message = refusal(state);
  assertMatch(message, /2 missing: stem.0.kernel \(27,4,8\), up4.1.1.net.4.running_var \(24\)/);
  assertMatch(message, /1 unexpected: extra.weight/);
  assertMatch(message, /1 of another shape: classifier.0.weight is \(17,24\), \(19,24\) is needed/);
});

Deno.test("weightsFrom() names the first value of a tensor that is not finite, once it is read", () => {
  const state = zeros();
  state.set("stem.1.bias", {
    shape: [8],
    floats: () => Float32Array.of(1, 2, 3, NaN, 5, Infinity, 7, 8),
  });
  const weights = weightsFrom(network, state, "a.pt");
  assertEquals(weights.get("stem.1.weight"), new Float32Array(8));
  const error = assertThrows(() => weights.get("stem.1.bias"), InputError);
  assertEquals(
    error.message,
    'Cannot load "a.pt": stem.1.bias has the value NaN at 3, and finite ones are needed',
  );
});

Deno.test("weightsFrom() takes what the authors' files have beside: counters, wrappers, unused", () => {
  const state = zeros();
  const counter = { shape: [], floats: () => new Float32Array(1) };
  state.set("stem.1.num_batches_tracked", counter);
  assertEquals(weightsFrom(network, state, "a").get("stem.1.bias").length, 8);
  const wrapped = new Map(state.entries().map(([name, tensor]) => [`module.${name}`, tensor]));
  assertEquals(weightsFrom(network, wrapped, "a").get("stem.1.bias").length, 8);
  for (const { name } of network.unused) state.delete(name);
  weightsFrom(network, state, "a");
});

Deno.test("weightsFrom() shortens the list for a network of another size", () => {
  const wider = minkunet({ ratio: 0.5, classes: 19 });
  const error = assertThrows(() => weightsFrom(wider, zeros(), "a.pt"), InputError);
  assertMatch(error.message, /Cannot load "a.pt" into MinkUNet cr 0.5: .* and \d+ more/);
});

Deno.test("randomWeights() gives the same numbers for a seed, and other ones for another", () => {
  const [one, again, two] = [1, 1, 2].map((seed) =>
    randomWeights(network, seed).get("stem.0.kernel")
  );
  assertEquals(one, again);
  assertEquals(one!.some((value, i) => value !== two![i]), true);
});

Deno.test("countParams() counts what the authors' classes have, for every published width", () => {
  const counts = (build: typeof minkunet) =>
    [0.32, 0.5, 0.64, 1].map((ratio) => countParams(build({ ratio, classes: 19 })));
  assertEquals(counts(minkunet), [2_159_669, 5_435_235, 8_771_298, 21_723_315]);
  assertEquals(counts(spvcnn), [2_165_372, 5_449_267, 8_793_617, 21_778_003]);
});
