/** A pass of a network that was recorded. */
import { type Context, type Feature, Plan, type PlanInfo, type Tensor } from "../ffi/mod.ts";
import { Pool } from "./pool.ts";

type Outputs = readonly Tensor<Feature>[];

/**
 * A pass that one call runs again, over what its inputs hold then. Its buffers are its own. The
 * scene and the inputs that it was recorded with must stay as they are, and so must the model.
 */
export class PlannedPass implements Disposable {
  readonly #own: DisposableStack;
  readonly #plan: Plan;
  /** Overwritten by every run. */
  readonly outputs: Outputs;

  /** @param pass what to record, with buffers from the pool */
  constructor(ctx: Context, pass: (pool: Pool) => Outputs) {
    using stack = new DisposableStack();
    const pool = stack.use(new Pool(ctx));
    let outputs: Outputs = [];
    this.#plan = stack.use(Plan.record(ctx, () => outputs = pass(pool)));
    this.outputs = outputs;
    this.#own = stack.move();
  }

  /** How it runs. */
  get info(): PlanInfo {
    return this.#plan.info;
  }

  /** @throws {KernelError} A tensor of the scene or an input is gone or has another shape. */
  run(): Outputs {
    this.#plan.run();
    return this.outputs;
  }

  [Symbol.dispose](): void {
    this.#own.dispose();
  }
}
