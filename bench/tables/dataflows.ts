/** Settings of the dataflows of a convolution, on three layers. */
import { dataflowSettingsCases, SETTINGS } from "../cases/dataflow_settings.ts";
import { type TableSpec, whyMissing } from "../table.ts";

const LAYERS = dataflowSettingsCases.map((item, i) => ({
  item,
  key: `layer${i}`,
  title: `${String(item.params["layer"]).replace("subm3-", "")} ${item.params["cin"]}`,
}));

/** The table. */
export const dataflows: TableSpec = {
  about: "settings of the grouped and masked dataflows on three layers",
  backends: ["cpu", "cuda"],
  cases: dataflowSettingsCases,
  build: ({ rows, context }) => [{
    id: "dataflows",
    title: "Settings of the dataflows",
    source: null,
    columns: [
      { key: "setting", title: "setting", kind: "label" },
      ...LAYERS.map(({ key, title }) => ({ key, title, unit: "ms", kind: "measured" as const })),
    ],
    rows: SETTINGS.map(({ name }) => ({
      setting: name,
      ...Object.fromEntries(LAYERS.map(({ item, key }) => {
        const row = rows.one(item, name);
        return [key, row?.medianMs ?? whyMissing(row)];
      })),
    })),
    notes: [
      "grouped-eE-sS: offsets share a product while their pairs differ by at most a share E, and a " +
      "group with fewer than S pairs is padded to one batch. masked-N: offsets cut into N parts.",
      ...LAYERS.flatMap(({ item, title }) => {
        const best = rows.fastest(item);
        return best === undefined ? [] : [`Fastest on ${title} channels: ${best.variant}.`];
      }),
      `Scan: ${context.data.name}. Maps and their lists of pairs are made before.`,
    ],
  }],
};
