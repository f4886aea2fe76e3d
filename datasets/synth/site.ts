import type { Frame } from "./primitives.ts";
import { Scene } from "./scene.ts";
import type { Street } from "./street.ts";
import { cos, sin } from "./trig.ts";

/** Seconds between two frames, and the speed of the ego vehicle in m/s: 2 m a frame. */
export const FRAME_TIME = 0.25;
export const EGO_SPEED = 8;
/** Puts things down by their place on the street; what comes back is in the sensor frame. */
export class Site {
  readonly scene = new Scene();

  constructor(readonly street: Street, readonly ego: Frame) {}

  /** On the ground at `x`, `t` metres left of the centre line, turned by `yaw` from the street. */
  at(x: number, t: number, yaw = 0): Frame {
    const { street, ego } = this;
    const y = street.centre(x) + t;
    const turn = street.heading(x) + yaw;
    const dx = x - ego.x;
    const dy = y - ego.y;
    const c = cos(turn);
    const s = sin(turn);
    return {
      x: dx * ego.cos + dy * ego.sin,
      y: dy * ego.cos - dx * ego.sin,
      z: street.height(x, y) - ego.z,
      cos: c * ego.cos + s * ego.sin,
      sin: s * ego.cos - c * ego.sin,
    };
  }
}
