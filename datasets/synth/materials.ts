/** How surfaces answer a laser pulse. The order is the id that a primitive stores. */
interface Surface {
  /** Intensity at normal incidence, 0..1, and its standard deviation. */
  readonly reflectivity: number;
  readonly spread: number;
  /** Share of returns lost at normal incidence. */
  readonly loss: number;
  /** Share more lost at grazing incidence: large for smooth, mirror-like surfaces. */
  readonly shine: number;
  /** Standard deviation of the surface about its shape, along its normal, in metres. */
  readonly roughness: number;
}

const SURFACES = {
  asphalt: { reflectivity: 0.26, spread: 0.06, loss: 0.002, shine: 0.02, roughness: 0.0005 },
  paint: { reflectivity: 0.48, spread: 0.14, loss: 0.002, shine: 0.02, roughness: 0.0005 },
  paving: { reflectivity: 0.36, spread: 0.06, loss: 0.002, shine: 0.01, roughness: 0.0006 },
  grass: { reflectivity: 0.4, spread: 0.08, loss: 0.005, shine: 0.02, roughness: 0.0025 },
  plaster: { reflectivity: 0.47, spread: 0.1, loss: 0.002, shine: 0.03, roughness: 0.0015 },
  pane: { reflectivity: 0.3, spread: 0.12, loss: 0.05, shine: 0.3, roughness: 0.01 },
  glass: { reflectivity: 0.12, spread: 0.1, loss: 0.8, shine: 0.2, roughness: 0.02 },
  wood: { reflectivity: 0.32, spread: 0.1, loss: 0.005, shine: 0.03, roughness: 0.004 },
  leaf: { reflectivity: 0.38, spread: 0.11, loss: 0.01, shine: 0, roughness: 0.01 },
  bark: { reflectivity: 0.35, spread: 0.12, loss: 0.005, shine: 0.02, roughness: 0.01 },
  metal: { reflectivity: 0.25, spread: 0.14, loss: 0.01, shine: 0.15, roughness: 0.003 },
  sign: { reflectivity: 0.85, spread: 0.15, loss: 0.005, shine: 0.1, roughness: 0.002 },
  bodywork: { reflectivity: 0.22, spread: 0.16, loss: 0.01, shine: 0.2, roughness: 0.003 },
  tyre: { reflectivity: 0.08, spread: 0.05, loss: 0.03, shine: 0.05, roughness: 0.005 },
  cloth: { reflectivity: 0.38, spread: 0.14, loss: 0.005, shine: 0.02, roughness: 0.005 },
} as const satisfies Record<string, Surface>;

type Material = keyof typeof SURFACES;

const NAMES = Object.keys(SURFACES) as Material[];

/** The id of each material by name. */
export const MATERIAL = Object.fromEntries(
  NAMES.map((name, i) => [name, i]),
) as Readonly<Record<Material, number>>;

const column = (key: keyof Surface) => Float64Array.from(NAMES, (name) => SURFACES[name][key]);

/** The properties by material id, for the ray loop; see {@linkcode Surface}. */
export const REFLECTIVITY: Float64Array = column("reflectivity");
export const SPREAD: Float64Array = column("spread");
export const LOSS: Float64Array = column("loss");
export const SHINE: Float64Array = column("shine");
export const ROUGHNESS: Float64Array = column("roughness");
