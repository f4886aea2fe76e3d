import { InputError } from "../../std/errors.ts";
import { listFiles } from "../files.ts";
import { type DocumentKey, DOCUMENTS } from "./documents.ts";
import { parsePublished, type PublishedTable } from "./schema.ts";

const FOLDER = new URL("./tables", import.meta.url).pathname;

/**
 * All published tables, by document and number.
 *
 * @throws {InputError} A file is not a published table; the text names it.
 */
export async function loadPublished(folder: string = FOLDER): Promise<PublishedTable[]> {
  const tables: PublishedTable[] = [];
  for (const path of await listFiles(folder)) {
    const file = `${folder}/${path}`;
    tables.push(parsePublished(await Deno.readTextFile(file), file));
  }
  const order = Object.keys(DOCUMENTS) as DocumentKey[];
  const rank = ({ document }: PublishedTable) => order.indexOf(document);
  return tables.sort((a, b) => rank(a) - rank(b) || compareNumbered(a.id, b.id));
}

/**
 * The published table of that id.
 *
 * @throws {InputError} There is none, or its file is damaged.
 */
export function publishedTable(id: string): PublishedTable {
  const file = `${FOLDER}/${id}.json`;
  try {
    return parsePublished(Deno.readTextFileSync(file), file);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new InputError(`Cannot read published table "${id}": there is none`, { cause });
  }
}

/** "thesis-2.9" before "thesis-2.10": runs of digits compare as numbers, without a locale. */
function compareNumbered(a: string, b: string): number {
  const parts = (id: string) => id.match(/\d+|\D+/g)!;
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i]!, right[i]!];
    if (x === y) continue;
    const difference = Number(x) - Number(y);
    return Number.isNaN(difference) ? (x < y ? -1 : 1) : difference;
  }
  return left.length - right.length;
}
