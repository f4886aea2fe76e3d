import type { Context } from "./context.ts";
import { readText } from "./library.ts";
import type { PlanPtr } from "./symbols.ts";

/** What a plan is and how it runs. */
export interface PlanInfo {
  /** Calls that it was recorded from; what only waits or frees is not counted. */
  readonly steps: number;
  /** "graph": one launch of the device; "plain": one call after the other. */
  readonly replay: "graph" | "plain";
  /** Why it is plain. */
  readonly why?: string;
}

/**
 * A list of calls that the library makes again in one, from and to the same tensors. What these
 * hold may change between runs; their shapes may not, and none of them may be disposed. What the
 * recorded calls downloaded must be the same in every run, as sizes may depend on it: a plan that
 * makes maps one by one is for the coordinates that it was recorded with, one of
 * {@linkcode networkMaps} with `rows` for any.
 */
export class Plan implements Disposable {
  #ptr: PlanPtr | null;

  private constructor(readonly ctx: Context, ptr: PlanPtr) {
    this.#ptr = ptr;
  }

  /**
   * Calls `run`, whose work is done as always and recorded.
   *
   * @throws {KernelError} Another plan of the context is being recorded.
   */
  static record(ctx: Context, run: () => void): Plan {
    const ptr = ctx.lib.vmk_plan_begin(ctx.ptr);
    if (!ptr) throw ctx.error(1, "vmk_plan_begin");
    using stack = new DisposableStack();
    const plan = stack.use(new Plan(ctx, ptr));
    run();
    ctx.check(ctx.lib.vmk_plan_end(ctx.ptr, ptr), "vmk_plan_end");
    stack.move();
    return plan;
  }

  /** The native handle; throws once the plan is disposed. */
  get ptr(): PlanPtr {
    if (!this.#ptr) throw new TypeError("Cannot use a disposed Plan");
    return this.#ptr;
  }

  /**
   * Does it again.
   *
   * @throws {KernelError} A tensor that it uses was disposed or has another shape.
   */
  run(): void {
    const { ctx } = this;
    ctx.check(ctx.lib.vmk_plan_run(ctx.ptr, this.ptr), "vmk_plan_run");
  }

  get info(): PlanInfo {
    const text = readText((to, cap) => this.ctx.lib.vmk_plan_info(this.ptr, to, cap));
    const [, steps, replay, why] = text.match(/^steps: (\d+)\nreplay: (\w+)(?:\nwhy: (.*))?$/)!;
    const how = replay as PlanInfo["replay"];
    return { steps: Number(steps), replay: how, ...(why !== undefined && { why }) };
  }

  [Symbol.dispose](): void {
    if (this.#ptr) this.ctx.lib.vmk_plan_free(this.#ptr);
    this.#ptr = null;
  }
}
