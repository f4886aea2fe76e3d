/** Frames of Waymo with the points of those before them, as CenterPoint aggregates them. */
import { joined } from "../../std/joined.ts";
import { compose, invert, movePoints } from "../matrix34.ts";
import type { Scan } from "../scan.ts";
import { WAYMO_POINT_FEATURES } from "./points.ts";

const WIDTH = WAYMO_POINT_FEATURES.length;
const SECONDS_OLD = WAYMO_POINT_FEATURES.indexOf("seconds_old");

/** The first frame with the points of the others in its own frame; those have class and instance 0. */
export function joinSweeps(frames: readonly Scan[]): Scan {
  const [newest, ...before] = frames as [Scan, ...Scan[]];
  if (before.length === 0) return newest;
  const { semantic, instance } = newest;
  const points = joined(Float32Array, frames.map((frame) => movedPoints(frame, newest)));
  return {
    ...newest,
    points,
    features: joined(Float32Array, frames.map((frame) => agedFeatures(frame, newest))),
    ...(semantic && { semantic: lengthened(semantic, points.length / 4) }),
    ...(instance && { instance: lengthened(instance, points.length / 4) }),
  };
}

function movedPoints(frame: Scan, newest: Scan): Float32Array {
  if (frame === newest) return frame.points;
  const points = frame.points.slice();
  movePoints(compose(invert(newest.pose!), frame.pose!), points);
  return points;
}

function agedFeatures(frame: Scan, newest: Scan): Float32Array {
  const features = frame.features!.slice();
  // Microseconds.
  const age = 1e-6 * (newest.time! - frame.time!);
  for (let i = SECONDS_OLD; i < features.length; i += WIDTH) features[i] = age;
  return features;
}

function lengthened(ids: Uint16Array, length: number): Uint16Array {
  const all = new Uint16Array(length);
  all.set(ids);
  return all;
}
