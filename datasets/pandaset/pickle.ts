/**
 * Pickles as inert data. A pickle is a program; this reads only those of its steps that build
 * values, never looks a name up, and keeps each call as what it is: a name with arguments.
 */

/** A named thing of Python, called or built: `name` is "module name", never looked up. */
export interface Call {
  readonly name: string;
  readonly args: readonly Value[];
  state?: Value;
}

export type Value =
  | undefined
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Call
  | Value[]
  | Map<Value, Value>;

/** The names that pickled pandas frames use; another one ends the reading. */
const NAMES: ReadonlySet<string> = new Set([
  "pandas.core.frame DataFrame",
  "pandas.core.internals.managers BlockManager",
  "pandas.core.internals BlockManager",
  "pandas.core.indexes.base _new_Index",
  "pandas.core.indexes.base Index",
  "pandas.core.indexes.range RangeIndex",
  "pandas.core.indexes.numeric Int64Index",
  "numpy.core.multiarray _reconstruct",
  "numpy._core.multiarray _reconstruct",
  "numpy ndarray",
  "numpy dtype",
  "builtins slice",
  "__builtin__ slice",
  "_codecs encode",
]);

const MARK = Symbol("mark");
type Slot = Value | typeof MARK;

/** Opcodes by the names of Python's pickletools. */
// deno-fmt-ignore
const OP = {
  PROTO: 0x80, FRAME: 0x95, STOP: 0x2e, MARK: 0x28, GLOBAL: 0x63, STACK_GLOBAL: 0x93,
  BINPUT: 0x71, LONG_BINPUT: 0x72, MEMOIZE: 0x94, BINGET: 0x68, LONG_BINGET: 0x6a,
  EMPTY_TUPLE: 0x29, EMPTY_LIST: 0x5d, EMPTY_DICT: 0x7d,
  TUPLE: 0x74, TUPLE1: 0x85, TUPLE2: 0x86, TUPLE3: 0x87,
  BINUNICODE: 0x58, SHORT_BINUNICODE: 0x8c, BINBYTES: 0x42, SHORT_BINBYTES: 0x43,
  BININT: 0x4a, BININT1: 0x4b, BININT2: 0x4d, LONG1: 0x8a, BINFLOAT: 0x47,
  NONE: 0x4e, NEWTRUE: 0x88, NEWFALSE: 0x89, NEWOBJ: 0x81, REDUCE: 0x52, BUILD: 0x62,
  APPEND: 0x61, APPENDS: 0x65, SETITEM: 0x73, SETITEMS: 0x75,
} as const;

/**
 * The value that a pickle builds.
 *
 * @throws {RangeError} when it is damaged, or does more than build frames of numbers and texts.
 */
export function readPickle(bytes: Uint8Array): Value {
  return new Machine(bytes).run();
}

class Machine {
  #at = 0;
  readonly #view: DataView;
  readonly #stack: Slot[] = [];
  readonly #memo = new Map<number, Slot>();

  constructor(private readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): Value {
    for (;;) {
      const at = this.#at;
      const op = this.#uint(1);
      if (op === OP.STOP) return this.#pop();
      if (!(this.#simple(op) || this.#value(op) || this.#compound(op))) {
        throw new RangeError(`the pickle has the step 0x${op.toString(16)} at byte ${at}`);
      }
    }
  }

  /** Steps that build nothing. */
  #simple(op: number): boolean {
    if (op === OP.PROTO) this.#uint(1);
    else if (op === OP.FRAME) this.#take(8);
    else if (op === OP.MARK) this.#stack.push(MARK);
    else if (op === OP.BINPUT) this.#memo.set(this.#uint(1), this.#top());
    else if (op === OP.LONG_BINPUT) this.#memo.set(this.#uint(4), this.#top());
    else if (op === OP.MEMOIZE) this.#memo.set(this.#memo.size, this.#top());
    else if (op === OP.BINGET) this.#stack.push(this.#get(this.#uint(1)));
    else if (op === OP.LONG_BINGET) this.#stack.push(this.#get(this.#uint(4)));
    else return false;
    return true;
  }

  /** Steps that push a number, a text, or an empty collection. */
  #value(op: number): boolean {
    const value = this.#literal(op);
    if (value === undefined) return false;
    this.#stack.push(value);
    return true;
  }

  #literal(op: number): Value {
    switch (op) {
      case OP.NONE:
        return null;
      case OP.NEWTRUE:
      case OP.NEWFALSE:
        return op === OP.NEWTRUE;
      case OP.BININT:
        return this.#uint(4) | 0;
      case OP.BININT1:
        return this.#uint(1);
      case OP.BININT2:
        return this.#uint(2);
      case OP.LONG1:
        return this.#long(this.#take(this.#uint(1)));
      case OP.BINFLOAT: {
        this.#take(8);
        return this.#view.getFloat64(this.#at - 8);
      }
      case OP.BINUNICODE:
        return this.#text(this.#uint(4));
      case OP.SHORT_BINUNICODE:
        return this.#text(this.#uint(1));
      case OP.BINBYTES:
        return this.#take(this.#uint(4));
      case OP.SHORT_BINBYTES:
        return this.#take(this.#uint(1));
      case OP.EMPTY_TUPLE:
      case OP.EMPTY_LIST:
        return [];
      case OP.EMPTY_DICT:
        return new Map();
      case OP.GLOBAL:
        return this.#named(this.#line(), this.#line());
    }
    return undefined;
  }

  /** Steps that join what lies on the stack. */
  #compound(op: number): boolean {
    const width = [OP.TUPLE1, OP.TUPLE2, OP.TUPLE3].findIndex((tuple) => tuple === op) + 1;
    if (width > 0) this.#stack.push(this.#popMany(width));
    else if (op === OP.TUPLE) this.#stack.push(this.#popMarked());
    else if (op === OP.APPEND) this.#extend([this.#pop()]);
    else if (op === OP.APPENDS) this.#extend(this.#popMarked());
    else if (op === OP.SETITEM) this.#assign(this.#popMany(2));
    else if (op === OP.SETITEMS) this.#assign(this.#popMarked());
    else if (op === OP.STACK_GLOBAL) {
      const [module, name] = this.#popMany(2);
      this.#stack.push(this.#named(String(module), String(name)));
    } else if (op === OP.REDUCE || op === OP.NEWOBJ) {
      const [callee, args] = this.#popMany(2);
      if (!isCall(callee) || !Array.isArray(args)) throw new RangeError("the pickle calls no name");
      this.#stack.push({ name: callee.name, args });
    } else if (op === OP.BUILD) {
      const state = this.#pop();
      const target = this.#top();
      if (!isCall(target)) throw new RangeError("the pickle builds on no object");
      target.state = state;
    } else return false;
    return true;
  }

  #named(module: string, name: string): Call {
    const full = `${module} ${name}`;
    if (!NAMES.has(full)) {
      throw new RangeError(
        `the pickle names ${JSON.stringify(full.slice(0, 80))}, which no pandas frame needs`,
      );
    }
    return { name: full, args: [] };
  }

  #extend(values: Value[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw new RangeError("the pickle appends to no list");
    for (const value of values) list.push(value);
  }

  #assign(pairs: Value[]): void {
    const map = this.#top();
    if (!(map instanceof Map)) throw new RangeError("the pickle sets an item of no dictionary");
    for (let i = 0; i + 1 < pairs.length; i += 2) map.set(pairs[i], pairs[i + 1]);
  }

  #pop(): Value {
    const slot = this.#stack.pop();
    if (slot === undefined || slot === MARK) {
      throw new RangeError("the pickle takes what is not there");
    }
    return slot;
  }

  #popMany(count: number): Value[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #popMarked(): Value[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) throw new RangeError("the pickle closes a list that it has not opened");
    const values = this.#stack.splice(at).slice(1);
    return values as Value[];
  }

  #top(): Value {
    const slot = this.#stack.at(-1);
    if (slot === undefined || slot === MARK) {
      throw new RangeError("the pickle uses what is not there");
    }
    return slot;
  }

  #get(key: number): Slot {
    if (!this.#memo.has(key)) {
      throw new RangeError(`the pickle recalls ${key}, which it has not kept`);
    }
    return this.#memo.get(key);
  }

  #take(length: number): Uint8Array {
    if (length > this.bytes.length - this.#at) {
      throw new RangeError(`the pickle is cut off at byte ${this.bytes.length}`);
    }
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  #uint(length: 1 | 2 | 4): number {
    return this.#take(length).reduceRight((value, byte) => value * 256 + byte, 0);
  }

  #long(bytes: Uint8Array): number {
    const value = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
    return (bytes.at(-1) ?? 0) >= 128 ? value - 2 ** (8 * bytes.length) : value;
  }

  #text(length: number): string {
    return new TextDecoder().decode(this.#take(length));
  }

  #line(): string {
    const end = this.bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new RangeError("the pickle is cut off inside a name");
    const text = this.#text(end - this.#at);
    this.#at++;
    return text;
  }
}

/** Whether a value is a name or a call. */
export function isCall(value: Value): value is Call {
  return typeof value === "object" && value !== null && "args" in value;
}
