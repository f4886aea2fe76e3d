// Draws the scan of a scene document: points in the colours of what is chosen, boxes as edges.
import {
  BufferAttribute,
  BufferGeometry,
  Color,
  LineBasicMaterial,
  LineSegments,
  PerspectiveCamera,
  Points,
  PointsMaterial,
  Scene,
  SRGBColorSpace,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";

const about = JSON.parse(document.getElementById("scene").textContent);
const stage = document.getElementById("stage");
const dark = matchMedia("(prefers-color-scheme: dark)");
const element = (id) => document.getElementById(id);

/** The array that an element of the document holds in base64; undefined where there is none. */
function arrayOf(name, Type) {
  const text = element(`data-${name}`)?.textContent;
  if (text === undefined) return undefined;
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Type(bytes.buffer);
}

const positions = arrayOf("positions", Float32Array);
const count = positions.length / 3;
const values = {
  label: arrayOf("label", Uint16Array),
  prediction: arrayOf("prediction", Uint16Array),
  error: arrayOf("error", Uint8Array),
  intensity: arrayOf("intensity", Float32Array),
};
const boxes = arrayOf("boxes", Float32Array);
const boxClasses = arrayOf("box-classes", Uint16Array);
const colours = new Map(about.classes.map(({ id, colour }) => [id, colour]));
const hidden = new Set();

/** A colour, 0..255 each, that is seen on the ground: lighter on a dark one, darker on a light one. */
function seen([r, g, b]) {
  const light = (0.3 * r + 0.59 * g + 0.11 * b) / 255;
  if (dark.matches && light < 0.3) return [r, g, b].map((v) => v + (255 - v) * (0.3 - light));
  if (!dark.matches && light > 0.6) return [r, g, b].map((v) => v * (1 - (light - 0.6)));
  return [r, g, b];
}

/** From blue over green to red, for a share 0..1. */
function heat(share) {
  const t = Math.min(1, Math.max(0, share));
  const channel = (at) => 255 * Math.min(1, Math.max(0, 1.5 - 4 * Math.abs(t - at)));
  return [channel(0.85), channel(0.5), channel(0.15)];
}

/** Lowest and highest of most of the values: a stray one does not decide. */
function spread(list) {
  const sorted = Float32Array.from(list).sort();
  const at = (share) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return [at(0.01), at(0.99)];
}

/** For each point its colour in the chosen mode, and whether it is shown. */
function painter(mode) {
  if (mode === "label" || mode === "prediction") {
    const shown = new Map();
    return (i) => {
      const id = values[mode][i];
      if (hidden.has(id)) return null;
      if (!shown.has(id)) shown.set(id, seen(colours.get(id) ?? [150, 150, 150]));
      return shown.get(id);
    };
  }
  const skipped = (i) => values.label !== undefined && hidden.has(values.label[i]);
  if (mode === "error") {
    const kinds = about.verdicts.map(({ colour }) => seen(colour));
    return (i) => skipped(i) ? null : kinds[values.error[i]];
  }
  const of = mode === "height" ? (i) => positions[3 * i + 2] : (i) => values.intensity[i];
  const [low, high] = spread(Array.from({ length: count }, (_, i) => of(i)));
  const scale = high > low ? 1 / (high - low) : 0;
  return (i) => skipped(i) ? null : seen(heat((of(i) - low) * scale));
}

/** The legend in the colours that are drawn. */
function paintLegend() {
  for (const box of document.querySelectorAll(".legend input")) {
    const shown = seen(colours.get(Number(box.value))).map(Math.round);
    box.closest("tr").querySelector(".swatch").style.background = `rgb(${shown})`;
  }
}

const colour = new Color();
const setColour = (to, at, [r, g, b]) => {
  colour.setRGB(r / 255, g / 255, b / 255, SRGBColorSpace).toArray(to, at);
};

/** The points that are shown, in their colours. */
function paint(geometry, mode) {
  const paintOf = painter(mode);
  const colourOf = new Float32Array(3 * count);
  const index = new Uint32Array(count);
  let drawn = 0;
  for (let i = 0; i < count; i++) {
    const found = paintOf(i);
    if (found === null) continue;
    index[drawn++] = i;
    setColour(colourOf, 3 * i, found);
  }
  geometry.setAttribute("color", new BufferAttribute(colourOf, 3));
  geometry.setIndex(new BufferAttribute(index.subarray(0, drawn), 1));
}

/** Of each box its twelve edges, and a line from the centre to the front. */
function boxLines() {
  const edges = [];
  const tints = [];
  const corner = (i) => [i & 1 ? 0.5 : -0.5, i & 2 ? 0.5 : -0.5, i & 4 ? 0.5 : -0.5];
  const ends = [[[0, 0, 0], [0.75, 0, 0]]];
  for (let i = 0; i < 8; i++) {
    for (const bit of [1, 2, 4]) if ((i & bit) === 0) ends.push([corner(i), corner(i | bit)]);
  }
  boxClasses.forEach((id, b) => {
    const [x, y, z, length, width, height, yaw] = boxes.subarray(7 * b, 7 * b + 7);
    const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
    for (const [u, v, w] of ends.flat()) {
      const [dx, dy] = [u * length, v * width];
      edges.push(x + c * dx - s * dy, y + s * dx + c * dy, z + w * height);
      setColour(tints, tints.length, seen(colours.get(id) ?? [150, 150, 150]));
    }
  });
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(Float32Array.from(edges), 3));
  geometry.setAttribute("color", new BufferAttribute(Float32Array.from(tints), 3));
  return geometry;
}

/** The objects of the view, empty as yet. */
function makeView() {
  const renderer = new WebGLRenderer({ antialias: true });
  stage.replaceChildren(renderer.domElement);
  const camera = new PerspectiveCamera(50, 1, about.radius / 500, about.radius * 40);
  camera.up.set(0, 0, 1);
  const controls = new OrbitControls(camera, renderer.domElement);
  const points = new Points(
    new BufferGeometry().setAttribute("position", new BufferAttribute(positions, 3)),
    new PointsMaterial({ vertexColors: true, sizeAttenuation: false }),
  );
  const frame = new LineSegments(
    new BufferGeometry(),
    new LineBasicMaterial({ vertexColors: true }),
  );
  const scene = new Scene();
  scene.add(points, frame);
  // Two objects that are nearly always in view: no test whether they are.
  for (const object of scene.children) object.frustumCulled = false;
  const render = () => renderer.render(scene, camera);
  return { renderer, camera, controls, points, frame, scene, render };
}

/** Draws what the controls say, anew. */
function repaint({ scene, points, frame, render }) {
  scene.background = new Color(dark.matches ? "#0d1117" : "#f3f5f8");
  paintLegend();
  paint(points.geometry, element("mode").value);
  if (boxes !== undefined) frame.geometry = boxLines();
  frame.visible = element("boxes")?.checked === true;
  points.material.size = Number(element("size").value);
  render();
}

function resize({ renderer, camera, render }) {
  const { clientWidth, clientHeight } = stage;
  renderer.setPixelRatio(devicePixelRatio);
  renderer.setSize(clientWidth, clientHeight);
  camera.aspect = clientWidth / clientHeight;
  camera.updateProjectionMatrix();
  render();
}

/** Looks at the middle from a place, in units of the radius. */
function look({ camera, controls, render }, x, y, z) {
  const [cx, cy, cz] = about.centre;
  controls.target.set(cx, cy, cz);
  camera.position.set(cx + x * about.radius, cy + y * about.radius, cz + z * about.radius);
  controls.update();
  render();
}

/** Classes are switched on and off in the legend. */
function connectLegend(view) {
  for (const box of document.querySelectorAll(".legend input")) {
    box.hidden = false;
    box.addEventListener("change", () => {
      const id = Number(box.value);
      if (box.checked) hidden.delete(id);
      else hidden.add(id);
      box.closest("tr").classList.toggle("off", !box.checked);
      repaint(view);
    });
  }
}

function start() {
  const view = makeView();
  const behind = () => look(view, -1.05, 0, 0.6);
  const paintAgain = () => repaint(view);
  view.controls.addEventListener("change", view.render);
  dark.addEventListener("change", paintAgain);
  addEventListener("resize", () => resize(view));
  for (const id of ["mode", "size", "boxes"]) element(id)?.addEventListener("input", paintAgain);
  element("behind").addEventListener("click", behind);
  element("above").addEventListener("click", () => look(view, -0.001, 0, 1.9));
  connectLegend(view);
  document.querySelector(".controls").hidden = false;
  resize(view);
  paintAgain();
  behind();
}

try {
  start();
} catch (error) {
  const message = document.createElement("p");
  message.className = "message";
  message.textContent = `The scan cannot be drawn in this browser: ${error.message}`;
  stage.replaceChildren(message);
}
