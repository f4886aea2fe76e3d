/// <reference lib="deno.worker" />
/** The thread of an {@linkcode H5File}: opens one file and answers what is read of it. */
import { InputError } from "../std/errors.ts";
import type { NpyArray } from "../std/npz.ts";
import { H5Arrays } from "./h5_arrays.ts";

/** The first request opens the file, the others read of it. */
export type H5Request =
  | { readonly path: string }
  | { readonly name: string; readonly from: number | undefined; readonly to: number | undefined };

/** Shapes by name; undefined for what is no array. */
export type H5Shapes = ReadonlyMap<string, readonly number[] | undefined>;
export type H5Answer = H5Shapes | NpyArray;

/** What is sent back for a request. */
export type H5Reply = { readonly answer: H5Answer } | { readonly refused: string };

let file: H5Arrays | undefined;

async function answer(request: H5Request): Promise<H5Answer> {
  if ("name" in request) return file!.read(request.name, request.from, request.to);
  const opened = await H5Arrays.open(request.path);
  file = opened;
  return new Map(opened.names.map((name) => [name, opened.shape(name)]));
}

self.onmessage = async ({ data }: MessageEvent<H5Request>) => {
  let reply: H5Reply;
  try {
    reply = { answer: await answer(data) };
  } catch (error) {
    // What is no InputError is a defect of ours and ends the thread.
    if (!(error instanceof InputError)) throw error;
    reply = { refused: error.message };
  }
  self.postMessage(reply);
};
