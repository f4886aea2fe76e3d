/**
 * Python's pickles as data. A pickle is a program for a stack machine, and its instructions may name
 * any function to be called; here they only build lists, dictionaries and numbers, and every name
 * goes to `resolve`, which knows a closed list of them and runs nothing.
 */
import { InputError } from "../../std/errors.ts";

/** A tuple; lists are arrays, dictionaries are Maps. */
export class Tuple {
  constructor(readonly items: readonly unknown[]) {}
}

/** A class or function that a pickle names. */
export interface Known {
  readonly name: string;
  /** What calling it gives; absent where it must not be called. */
  readonly call?: (args: readonly unknown[]) => unknown;
}

/** What pickles of a kind of file may contain. */
export interface Vocabulary {
  /** The class or function `module.name`, or undefined where it is not allowed. */
  resolve(name: string): Known | undefined;
  /** What a persistent ID stands for. */
  persistent(id: unknown): unknown;
}

/** A pickle and where it ends, as files may hold several in a row. */
export interface Unpickled {
  readonly value: unknown;
  readonly end: number;
}

/**
 * Reads the pickle at `start`.
 *
 * @throws {InputError} It is cut off, malformed, uses an instruction or a name that is not allowed.
 */
export function unpickle(
  bytes: Uint8Array,
  vocabulary: Vocabulary,
  name: string,
  start = 0,
): Unpickled {
  const machine = new Machine(bytes, vocabulary, name, start);
  for (;;) {
    const opcode = machine.byte();
    if (opcode === STOP) return { value: machine.pop(), end: machine.at };
    const run = OPCODES[opcode];
    if (run === undefined) throw machine.bad(`instruction ${hex(opcode)} is not allowed`);
    run(machine);
  }
}

const STOP = 0x2e;
/** Stands on the stack where a list of items begins. */
const MARK = Symbol("mark");
const hex = (byte: number) => `0x${byte.toString(16).padStart(2, "0")}`;

class Machine {
  readonly memo = new Map<number, unknown>();
  readonly #stack: unknown[] = [];
  readonly #view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    readonly vocabulary: Vocabulary,
    readonly name: string,
    public at: number,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  bad(found: string): InputError {
    return new InputError(`Cannot read ${this.name} as a pickle: byte ${this.at}: ${found}`);
  }

  byte(): number {
    return this.#view.getUint8(this.#step(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#step(2), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#step(4), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#step(4), true);
  }

  u64(): number {
    return Number(this.#view.getBigUint64(this.#step(8), true));
  }

  f64(): number {
    return this.#view.getFloat64(this.#step(8), false);
  }

  slice(length: number): Uint8Array {
    const start = this.#step(length);
    return this.bytes.subarray(start, start + length);
  }

  text(length: number): string {
    return new TextDecoder().decode(this.slice(length));
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw this.bad("a line does not end");
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  /** A little-endian integer of any length, two's complement. */
  integer(length: number): number | bigint {
    // Python's own are a few bytes; the cost of a longer one grows with its square.
    if (length > 64) throw this.bad(`an integer has ${length} bytes`);
    let value = 0n;
    this.slice(length).forEach((byte, i) => value |= BigInt(byte) << BigInt(8 * i));
    value = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) throw this.bad("the stack has no value there");
    return value;
  }

  peek(): unknown {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    this.#stack.push(MARK);
  }

  /** The items since the last mark. */
  popMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw this.bad("the stack has no mark");
    return this.#stack.splice(mark).slice(1);
  }

  global(name: string): Known {
    const known = this.vocabulary.resolve(name);
    if (known === undefined) {
      throw this.bad(`it names ${JSON.stringify(name)}, which no checkpoint of weights needs`);
    }
    return known;
  }

  #step(length: number): number {
    const start = this.at;
    if (!(length <= this.bytes.length - start)) {
      throw this.bad(`${length} bytes are needed, ${this.bytes.length - start} are left`);
    }
    this.at += length;
    return start;
  }
}

type Instruction = (m: Machine) => void;

function setItems(m: Machine, items: readonly unknown[]): void {
  const dict = m.peek();
  if (!(dict instanceof Map) || items.length % 2 !== 0) {
    throw m.bad("items are set on what is no dictionary");
  }
  for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
}

function append(m: Machine, items: readonly unknown[]): void {
  const list = m.peek();
  if (!Array.isArray(list)) throw m.bad("items are appended to what is no list");
  for (const item of items) list.push(item);
}

function reduce(m: Machine): void {
  const args = m.pop();
  const known = m.pop() as Partial<Known>;
  if (!(args instanceof Tuple) || typeof known.call !== "function") {
    throw m.bad("it calls what cannot be called");
  }
  m.push(known.call(args.items));
}

/** The state of an object is dropped: what checkpoints hold there (_metadata) is no weight. */
function build(m: Machine): void {
  m.pop();
  if (!(m.peek() instanceof Map)) throw m.bad("it sets the state of what has none");
}

function fetch(m: Machine, index: number): void {
  if (!m.memo.has(index)) throw m.bad(`memo ${index} is empty`);
  m.push(m.memo.get(index));
}

function stackGlobal(m: Machine): void {
  const [name, module] = [m.pop(), m.pop()];
  m.push(m.global(`${module}.${name}`));
}

/** Protocol 0 writes True and False as integers 01 and 00. */
function decimal(m: Machine): void {
  const text = m.line();
  if (text === "00" || text === "01") return m.push(text === "01");
  if (!/^-?\d{1,20}L?$/.test(text)) throw m.bad(`${JSON.stringify(text)} is no integer`);
  m.push(Number(text.replace("L", "")));
}

function tuple(m: Machine, length: number): void {
  const items = Array.from({ length }, () => m.pop());
  m.push(new Tuple(items.reverse()));
}

/** By opcode; names as in Python's pickletools. What is not here is refused. */
const OPCODES: Readonly<Record<number, Instruction>> = {
  0x28: (m) => m.mark(),
  0x30: (m) => m.pop(),
  0x31: (m) => m.popMark(), // POP_MARK
  0x49: decimal, // INT
  0x4a: (m) => m.push(m.i32()), // BININT
  0x4b: (m) => m.push(m.byte()), // BININT1
  0x4c: decimal, // LONG
  0x4d: (m) => m.push(m.u16()), // BININT2
  0x4e: (m) => m.push(null), // NONE
  0x51: (m) => m.push(m.vocabulary.persistent(m.pop())), // BINPERSID
  0x52: reduce,
  0x54: (m) => m.push(m.text(m.u32())), // BINSTRING
  0x55: (m) => m.push(m.text(m.byte())), // SHORT_BINSTRING
  0x58: (m) => m.push(m.text(m.u32())), // BINUNICODE
  0x5d: (m) => m.push([]), // EMPTY_LIST
  0x61: (m) => append(m, [m.pop()]),
  0x62: build,
  0x63: (m) => m.push(m.global(`${m.line()}.${m.line()}`)), // GLOBAL
  0x64: (m) => pushDict(m, m.popMark()), // DICT
  0x65: (m) => append(m, m.popMark()),
  0x67: (m) => fetch(m, Number(m.line())), // GET
  0x68: (m) => fetch(m, m.byte()), // BINGET
  0x6a: (m) => fetch(m, m.u32()), // LONG_BINGET
  0x6c: (m) => m.push(m.popMark()), // LIST
  0x70: (m) => m.memo.set(Number(m.line()), m.peek()), // PUT
  0x71: (m) => m.memo.set(m.byte(), m.peek()), // BINPUT
  0x72: (m) => m.memo.set(m.u32(), m.peek()), // LONG_BINPUT
  0x73: (m) => setItems(m, [m.pop(), m.pop()].reverse()),
  0x74: (m) => m.push(new Tuple(m.popMark())), // TUPLE
  0x75: (m) => setItems(m, m.popMark()),
  0x7d: (m) => m.push(new Map()), // EMPTY_DICT
  0x29: (m) => m.push(new Tuple([])), // EMPTY_TUPLE
  0x42: (m) => m.push(m.slice(m.u32())), // BINBYTES
  0x43: (m) => m.push(m.slice(m.byte())), // SHORT_BINBYTES
  0x47: (m) => m.push(m.f64()), // BINFLOAT
  0x80: (m) => protocol(m, m.byte()),
  0x85: (m) => tuple(m, 1),
  0x86: (m) => tuple(m, 2),
  0x87: (m) => tuple(m, 3),
  0x88: (m) => m.push(true),
  0x89: (m) => m.push(false),
  0x8a: (m) => m.push(m.integer(m.byte())), // LONG1
  0x8c: (m) => m.push(m.text(m.byte())), // SHORT_BINUNICODE
  0x8d: (m) => m.push(m.text(m.u64())), // BINUNICODE8
  0x8e: (m) => m.push(m.slice(m.u64())), // BINBYTES8
  0x8f: (m) => m.push([]), // EMPTY_SET
  0x90: (m) => append(m, m.popMark()), // ADDITEMS
  0x93: stackGlobal,
  0x94: (m) => m.memo.set(m.memo.size, m.peek()), // MEMOIZE
  0x95: (m) => void m.u64(), // FRAME
};

function pushDict(m: Machine, items: readonly unknown[]): void {
  m.push(new Map());
  setItems(m, items);
}

function protocol(m: Machine, version: number): void {
  if (version > 5) throw m.bad(`protocol ${version} is unknown`);
}
