/** A labelled scan in 3-D as one HTML document: three.js, the points and the boxes are inside it. */
import { formatCount, MISSING, plural } from "../numbers.ts";
import { htmlDocument, scriptElement } from "./document.ts";
import { escapeHtml } from "./from_markdown.ts";

/** A class of the data set. */
export interface SceneClass {
  /** As in `labels` and `predictions`. */
  readonly id: number;
  readonly name: string;
  /** Red, green, blue, 0 to 255. */
  readonly colour: readonly [number, number, number];
}

/** What {@linkcode SceneInput.verdicts} holds. */
export const VERDICT = { unscored: 0, right: 1, wrong: 2 } as const;

/** A scan, N points in metres: x forward, y left, z up. */
export interface SceneInput {
  readonly title: string;
  /** Data set, licence, what the predictions are of: one line each. */
  readonly notes: readonly string[];
  /** Row-major [N, 4]: x, y, z, intensity. */
  readonly points: Float32Array;
  /** [N] class ids; absent where unknown. */
  readonly labels?: Uint16Array;
  readonly predictions?: Uint16Array;
  /** [N] of {@linkcode VERDICT}; given where there are labels and predictions. */
  readonly verdicts?: Uint8Array;
  /** Row-major [B, 7]: centre, length, width, height, yaw about z in radians; and B class ids. */
  readonly boxes?: { readonly geometry: Float32Array; readonly classes: Uint16Array };
  /** Of all ids that occur. */
  readonly classes: readonly SceneClass[];
}

/** Our own files and three.js, as `assets.ts` reads them. */
export interface SceneAssets {
  readonly style: string;
  readonly viewer: string;
  /** Module texts by the name that they are imported with. */
  readonly modules: Readonly<Record<string, string>>;
}

/** More points than this make the file slow to open; the rest is left out evenly. */
export const MOST_POINTS = 150_000;

/** The document; the same scan gives the same bytes. */
export function sceneDocument(input: SceneInput, { style, viewer, modules }: SceneAssets): string {
  const kept = keptPoints(input.points);
  const all = input.points.length / 4;
  const shown = kept.length === all
    ? plural(all, "point")
    : `${formatCount(kept.length)} of ${plural(all, "point")}`;
  const boxes = input.boxes?.classes.length;
  const boxText = boxes === undefined
    ? ""
    : boxes === 1
    ? ", 1 box"
    : `, ${formatCount(boxes)} boxes`;
  const body = `<div class="scene">
<div class="view">
<h1>${escapeHtml(input.title)}</h1>
<p>${[shown + boxText, ...input.notes].map(escapeHtml).join("<br>")}</p>
<div class="controls" hidden>${controls(input)}</div>
<div id="stage"><p class="message">The view in 3-D needs JavaScript and WebGL.</p></div>
</div>
<div class="legend">${legend(input)}</div>
</div>`;
  const map = Object.entries(modules).map(([name, text]) => [name, moduleUrl(text)]);
  const imports = JSON.stringify({ imports: Object.fromEntries(map) });
  return htmlDocument({
    title: input.title,
    style,
    body,
    scripts: [
      ...dataElements(input, kept),
      `<!-- three.js, Copyright Three.js Authors, MIT licence -->`,
      `<script type="importmap">${imports}</script>`,
      scriptElement(viewer, "module"),
    ],
  });
}

const moduleUrl = (text: string) =>
  `data:text/javascript;base64,${new TextEncoder().encode(text).toBase64()}`;

/** Indices of the points that are drawn: finite ones, every k-th where there are too many. */
function keptPoints(points: Float32Array): Uint32Array {
  const finite: number[] = [];
  for (let i = 0; i < points.length / 4; i++) {
    const sum = points[4 * i]! + points[4 * i + 1]! + points[4 * i + 2]!;
    if (Number.isFinite(sum)) finite.push(i);
  }
  if (finite.length <= MOST_POINTS) return Uint32Array.from(finite);
  const step = finite.length / MOST_POINTS;
  return Uint32Array.from({ length: MOST_POINTS }, (_, i) => finite[Math.floor(i * step)]!);
}

function controls({ labels, predictions, verdicts, boxes }: SceneInput): string {
  const modes = [
    ["label", labels],
    ["prediction", predictions],
    ["error", verdicts],
    ["height", true],
    ["intensity", true],
  ].filter(([, has]) => has !== undefined).map(([mode]) => `<option>${mode}</option>`);
  return `<label>Colour <select id="mode">${modes.join("")}</select></label>
<label>Point size <input type="range" id="size" min="1" max="8" step="0.5" value="2"></label>
${boxes === undefined ? "" : '<label><input type="checkbox" id="boxes" checked> Boxes</label>'}
<span><button type="button" id="behind">From behind</button>
<button type="button" id="above">From above</button></span>
<span class="found">drag turns, right button moves, wheel zooms</span>`;
}

/** The classes by the number of their points: a table that needs no script. */
function legend({ labels, predictions, verdicts, boxes, classes }: SceneInput): string {
  const counts = { labels: countOf(labels), predictions: countOf(predictions) };
  const boxCounts = countOf(boxes?.classes);
  const total = ({ id }: SceneClass) => counts.labels[id]! || counts.predictions[id]!;
  const columns: [string, (id: number) => number][] = [];
  if (labels !== undefined) columns.push(["labelled", (id) => counts.labels[id]!]);
  if (predictions !== undefined) columns.push(["predicted", (id) => counts.predictions[id]!]);
  if (boxes !== undefined) columns.push(["boxes", (id) => boxCounts[id]!]);
  const rows = [...classes].sort((a, b) => total(b) - total(a) || a.id - b.id).map((each) => {
    const input = `<input type="checkbox" hidden checked value="${each.id}"> `;
    const cells = columns.map(([, of]) => numberCell(of(each.id)));
    return `<tr><td><label>${input}${swatch(each.colour)} ${escapeHtml(each.name)}</label></td>` +
      `${cells.join("")}</tr>`;
  });
  const heads = columns.map(([title]) => `<th class="number">${title}</th>`).join("");
  const table = rows.length === 0
    ? ""
    : `<table><thead><tr><th>class</th>${heads}</tr></thead><tbody>${
      rows.join("\n")
    }</tbody></table>`;
  return `${table}${verdicts === undefined ? "" : verdictTable(verdicts)}`;
}

const VERDICT_KINDS = [
  { name: "not scored", colour: [140, 146, 155] },
  { name: "right", colour: [74, 139, 216] },
  { name: "wrong", colour: [226, 88, 34] },
] as const;

function verdictTable(verdicts: Uint8Array): string {
  const counts = countOf(Uint16Array.from(verdicts));
  const rows = VERDICT_KINDS.map(({ name, colour }, kind) =>
    `<tr><td>${swatch(colour)} ${name}</td>${numberCell(counts[kind]!)}</tr>`
  );
  return `<table><thead><tr><th>error</th><th class="number">points</th></tr></thead>` +
    `<tbody>${rows.join("\n")}</tbody></table>`;
}

const numberCell = (value: number) =>
  `<td class="number">${value === 0 ? MISSING : formatCount(value)}</td>`;

const swatch = (colour: readonly number[]) =>
  `<span class="swatch" style="background:rgb(${colour.join(",")})"></span>`;

function countOf(ids: Uint16Array | undefined): Uint32Array {
  const counts = new Uint32Array(0x10000);
  for (const id of ids ?? []) counts[id]!++;
  return counts;
}

/** The arrays that the viewer reads, each in base64, little-endian; and what describes them. */
function dataElements(input: SceneInput, kept: Uint32Array): string[] {
  const { points, labels, predictions, verdicts, boxes, classes } = input;
  const positions = new Float32Array(3 * kept.length);
  kept.forEach((i, to) => positions.set(points.subarray(4 * i, 4 * i + 3), 3 * to));
  const finiteBoxes = boxes?.geometry.every(Number.isFinite) === true ? boxes : undefined;
  const arrays: Record<string, Float32Array | Uint16Array | Uint8Array | undefined> = {
    positions,
    intensity: Float32Array.from(kept, (i) => points[4 * i + 3]!),
    label: labels && Uint16Array.from(kept, (i) => labels[i]!),
    prediction: predictions && Uint16Array.from(kept, (i) => predictions[i]!),
    error: verdicts && Uint8Array.from(kept, (i) => verdicts[i]!),
    boxes: finiteBoxes?.geometry,
    "box-classes": finiteBoxes?.classes,
  };
  const about = { ...viewOf(positions), classes, verdicts: VERDICT_KINDS };
  // Inside a script element only "<" could end it.
  const json = JSON.stringify(about).replaceAll("<", "\\u003c");
  return [
    `<script type="application/json" id="scene">${json}</script>`,
    ...Object.entries(arrays).flatMap(([name, values]) => {
      if (values === undefined) return [];
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      return [`<script type="text/plain" id="data-${name}">${bytes.toBase64()}</script>`];
    }),
  ];
}

/** The middle of most points and how far they reach, metres. */
function viewOf(positions: Float32Array): { centre: number[]; radius: number } {
  const n = positions.length / 3;
  const ends = [0, 1, 2].map((axis) => {
    const sorted = Float32Array.from({ length: n }, (_, i) => positions[3 * i + axis]!).sort();
    // A twentieth at each end is left out: the far points of a LiDAR are few.
    const cut = Math.floor(n / 20);
    return [sorted[cut] ?? 0, sorted[n - 1 - cut] ?? 0] as const;
  });
  const centre = ends.map(([low, high]) => (low + high) / 2);
  return { centre, radius: Math.max(1, ...ends.map(([low, high]) => (high - low) / 2)) };
}
