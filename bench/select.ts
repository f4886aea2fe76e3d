/** What a command line asks for, out of all there is: cases, their variants, and tables. */
import type { Feature } from "../ffi/mod.ts";
import { InputError, unknownName } from "../std/errors.ts";
import { type Case, caseName, type Group, type Tier } from "./case.ts";
import { variantsOf } from "./harness/run.ts";
import type { Options } from "./options.ts";
import type { TableSpec } from "./table.ts";

/** All there is to run. */
export interface Registry {
  readonly groups: Readonly<Record<string, Group>>;
  readonly tables: Readonly<Record<string, TableSpec>>;
}

/** What is run. */
export interface Selection {
  readonly cases: readonly Case[];
  /** By ID. */
  readonly tables: readonly string[];
  /** Whether a variant of one of the cases takes part. */
  takes(item: Case, variant: string): boolean;
}

type Wanted = Pick<Options, "ids" | "backend" | "dtype" | "quick" | "filter" | "engine">;

const dtypeOf = ({ dtype = "f32" }: Case): Feature => dtype;

/** Tiers that a run takes in: an ID asks for all sizes, no ID for the tour. */
function tiersOf({ ids, quick }: Wanted): readonly Tier[] {
  if (quick) return ["quick"];
  return ids.length === 0 ? ["quick", "tour"] : ["quick", "tour", "full"];
}

/** The cases that the command line asks for, each once: those of groups, then those of tables. */
export function select({ groups, tables }: Registry, options: Wanted): Selection {
  checkIds({ groups, tables }, options);
  const { ids, backend, dtype, filter, engine } = options;
  const everything = ids.includes("all");
  const tiers = tiersOf(options);
  const direct = Object.entries(groups).flatMap(([id, { cases }]) =>
    cases.filter((item) =>
      (ids.length === 0 || everything || ids.includes(id) || ids.includes(item.op)) &&
      dtypeOf(item) === dtype && tiers.includes(item.tier)
    )
  );
  const tableIds = Object.keys(tables).filter((id) =>
    ids.includes(id) || (everything && tables[id]!.backends.includes(backend) && dtype === "f32")
  );
  const asked = new Set(direct.map((item) => caseName(item)));
  const passes = (item: Case, variant: string) =>
    (engine === undefined || variant === engine) &&
    (filter === undefined || filter.test(caseName(item, variant)));
  const inTable = (item: Case, variant: string) =>
    tableIds.some((id) => takesPart(tables[id]!, item, variantsOf(item, backend), variant));
  const takes = (item: Case, variant: string) =>
    passes(item, variant) && (asked.has(caseName(item)) || inTable(item, variant));
  const all = [...direct, ...tableIds.flatMap((id) => tables[id]!.cases)];
  const once = new Map(all.map((item) => [caseName(item), item]));
  const cases = [...once.values()].filter((item) =>
    variantsOf(item, backend).some((variant) => takes(item, variant))
  );
  const processes = tableIds.some((id) => tables[id]!.processes !== undefined);
  if (cases.length === 0 && !processes) throw nothingLeft(options);
  return { cases, tables: tableIds, takes };
}

/** Whether a table asks for a variant of a case. */
function takesPart(
  { cases, variants }: TableSpec,
  item: Case,
  known: readonly string[],
  variant: string,
): boolean {
  const name = caseName(item);
  return cases.some((each) => caseName(each) === name) &&
    (variants?.(item, known) ?? known).includes(variant);
}

/** Refuses what is not there, and what is there but not on this backend or in this type. */
function checkIds({ groups, tables }: Registry, { ids, backend, dtype }: Wanted): void {
  const entries = Object.entries(groups);
  const ops = entries.flatMap(([, { cases }]) => cases.map(({ op }) => op));
  const known = [...new Set([...Object.keys(groups), ...ops, ...Object.keys(tables)]), "all"];
  for (const id of ids) {
    if (!known.includes(id)) throw unknownName("case", id, known);
    const table = tables[id];
    if (table !== undefined && !table.backends.includes(backend)) {
      const needed = table.backends.join(" or ");
      throw new InputError(
        `Cannot make table "${id}" on the ${backend} backend: it is for ${needed}`,
      );
    }
    if (table !== undefined && dtype !== "f32") {
      throw new InputError(
        `Cannot make table "${id}" with --dtype ${dtype}: its rows say their types`,
      );
    }
    const cases = entries.flatMap(([group, { cases }]) =>
      cases.filter(({ op }) => id === group || id === op)
    );
    const types = [...new Set(cases.map(dtypeOf))];
    if (cases.length > 0 && !types.includes(dtype)) {
      const only = types.length === 1 ? `${types[0]} only` : types.join(", ");
      throw new InputError(`Cannot bench "${id}" in dtype "${dtype}": it is ${only}`);
    }
  }
}

function nothingLeft({ quick, filter, engine }: Wanted): InputError {
  const how = [
    quick ? "--quick" : "",
    filter === undefined ? "" : `--filter "${filter.source}"`,
    engine === undefined ? "" : `--engine "${engine}"`,
  ]
    .filter((part) => part !== "").join(" and ");
  return new InputError(`Cannot bench: ${how || "the selection"} leaves no case; see --list`);
}

/** What `--list` knows of a group or a table. */
interface Listed {
  readonly id: string;
  readonly kind: "group" | "table";
  readonly about: string;
  readonly dtypes: readonly Feature[];
  readonly cases: readonly Pick<Case, "op" | "params" | "tier">[];
}

/** Groups and, indented, their cases of a type, then the tables, as `--list` prints them. */
export function listText(registry: Registry, dtype: Feature): string {
  const entries = listData(registry, dtype);
  const width = Math.max(...entries.map(({ id }) => id.length));
  const lines = (wanted: Listed["kind"]) =>
    entries.filter(({ kind }) => kind === wanted).flatMap(({ id, kind, about, dtypes, cases }) => [
      `${id.padEnd(width)}  ${about}${dtypes.length > 1 ? ` (${dtypes.join(", ")})` : ""}`,
      ...(kind === "table" ? [] : cases.map((item) => `  ${item.id}  [${item.tier}]`)),
    ]);
  return [
    ...lines("group"),
    "",
    "Tables, by their ID only:",
    ...lines("table"),
    "",
    '[quick] runs with --quick and in the tour, [tour] in the tour, all with their ID or "all".',
  ].join("\n");
}

/** The same as data, for `--list --json`: the cases of groups in one type, those of tables in all. */
export function listData({ groups, tables }: Registry, dtype: Feature) {
  const listed = (item: Case) => ({
    id: caseName(item),
    op: item.op,
    params: item.params,
    tier: item.tier,
  });
  const entry = (kind: Listed["kind"], id: string, about: string, cases: readonly Case[]) => ({
    id,
    kind,
    about,
    dtypes: [...new Set(cases.map(dtypeOf))],
    cases: cases.filter((item) => kind === "table" || dtypeOf(item) === dtype).map(listed),
  });
  return [
    ...Object.entries(groups).map(([id, { about, cases }]) => entry("group", id, about, cases))
      .filter(({ cases }) => cases.length > 0),
    ...Object.entries(tables).map(([id, { about, cases }]) => ({
      ...entry("table", id, about, cases),
      dtypes: [],
    })),
  ];
}
