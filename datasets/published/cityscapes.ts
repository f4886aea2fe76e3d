import type { Published, Rgb } from "./published.ts";

/** A label of Cityscapes. */
export interface CityscapesClass {
  readonly name: string;
  readonly category: string;
  /** Left out of the scores (`ignoreInEval`). */
  readonly ignored: boolean;
  /** Mean pixels of an instance; undefined for labels that have no instances. */
  readonly instanceSize: number | undefined;
}

const label = (name: string, category: string, instanceSize?: number): CityscapesClass => ({
  name,
  category,
  ignored: false,
  instanceSize,
});
const ignored = (name: string, category: string, instanceSize?: number): CityscapesClass => ({
  name,
  category,
  ignored: true,
  instanceSize,
});

/**
 * The labels of Cityscapes by id, 0 to 33. Source: mcordts/cityscapesScripts, helpers/labels.py;
 * instance sizes: evaluation/evalPixelLevelSemanticLabeling.py, `avgClassSize`.
 */
export const CITYSCAPES_LABELS: readonly CityscapesClass[] = [
  ignored("unlabeled", "void"),
  ignored("ego vehicle", "void"),
  ignored("rectification border", "void"),
  ignored("out of roi", "void"),
  ignored("static", "void"),
  ignored("dynamic", "void"),
  ignored("ground", "void"),
  label("road", "flat"),
  label("sidewalk", "flat"),
  ignored("parking", "flat"),
  ignored("rail track", "flat"),
  label("building", "construction"),
  label("wall", "construction"),
  label("fence", "construction"),
  ignored("guard rail", "construction"),
  ignored("bridge", "construction"),
  ignored("tunnel", "construction"),
  label("pole", "object"),
  ignored("polegroup", "object"),
  label("traffic light", "object"),
  label("traffic sign", "object"),
  label("vegetation", "nature"),
  label("terrain", "nature"),
  label("sky", "sky"),
  label("person", "human", 3462.4756337644),
  label("rider", "human", 3930.4788056518),
  label("car", "vehicle", 12794.0202738185),
  label("truck", "vehicle", 27855.1264367816),
  label("bus", "vehicle", 35732.1511111111),
  ignored("caravan", "vehicle", 36771.8241758242),
  ignored("trailer", "vehicle", 16926.9763313609),
  label("train", "vehicle", 67583.7075812274),
  label("motorcycle", "vehicle", 6298.7200839748),
  label("bicycle", "vehicle", 4672.3249222261),
];

/** By id, 0 to 33. */
// deno-fmt-ignore
const COLOURS: readonly Rgb[] = [
  [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [111, 74, 0], [81, 0, 81],
  [128, 64, 128], [244, 35, 232], [250, 170, 160], [230, 150, 140], [70, 70, 70],
  [102, 102, 156], [190, 153, 153], [180, 165, 180], [150, 100, 100], [150, 120, 90],
  [153, 153, 153], [153, 153, 153], [250, 170, 30], [220, 220, 0], [107, 142, 35],
  [152, 251, 152], [70, 130, 180], [220, 20, 60], [255, 0, 0], [0, 0, 142], [0, 0, 70],
  [0, 60, 100], [0, 0, 90], [0, 0, 110], [0, 80, 100], [0, 0, 230], [119, 11, 32],
];

/** Ids of labelIds images; a licence plate (-1) is no id there. */
export const CITYSCAPES = {
  source: "mcordts/cityscapesScripts, helpers/labels.py",
  classes: Object.fromEntries(CITYSCAPES_LABELS.map(({ name }, id) => [id, name])) as Readonly<
    Record<number, string>
  >,
  colours: Object.fromEntries(COLOURS.map((colour, id) => [id, colour])),
  grids: [],
} as const satisfies Published;
