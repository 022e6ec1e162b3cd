// @ts-check
// What one filter looks for.
/** @import { Box, LayerDescription, ModelDescription, PageData, Plane, Tensor } from "../types.js" */
import { getPortrait } from "../api/filters.js";
import { getKernels } from "../api/http.js";
import { find, findAll } from "../dom.js";
import { enlarge, paintPlane } from "../draw/plane.js";
import { themeColors } from "../draw/theme-colors.js";
import { planesOf } from "../state/selectors.js";
import { createLegend } from "../views/legend.js";
import { createProblemNote } from "./problem-note.js";

const PATCH = 112; // CSS pixels, about.
const DIGIT_ZOOM = 3;
const PICTURE = 196;
const SLICE = 40;

/** @type {{model: ModelDescription, layer: LayerDescription, filter: number, colormaps: PageData["colormaps"]}} */
const { model, layer, filter, colormaps } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
const { show: fail } = createProblemNote();
const legend = createLegend(find(document, "#kernel-legend", HTMLElement), "weights");

/** @type {Awaited<ReturnType<typeof getPortrait>> | null} */
let portrait = null;
/** @type {Tensor | null} */
let kernels = null;

function paint() {
  const { ink, diverging } = themeColors(colormaps);
  if (portrait && document.querySelector("#favorites")) {
    const { answer: { receptive_field: field, strongest }, tensors } = portrait;
    const digits = planesOf(tensors.digits);
    findAll(document, "#favorites li", HTMLLIElement).forEach((item, i) => {
      const { box } = strongest[i];
      const patch = find(item, ".patch", HTMLCanvasElement);
      paintPlane(patch, patchOf(digits[i], box), ink, 1);
      enlarge(patch, Math.max(1, Math.floor(PATCH / field.size)));
      const whole = find(item, ".whole", HTMLCanvasElement);
      paintPlane(whole, digits[i], ink, 1);
      enlarge(whole, DIGIT_ZOOM);
      place(find(item, ".box", HTMLElement), box, DIGIT_ZOOM);
    });
    const mean = find(document, "#mean-patch", HTMLCanvasElement);
    paintPlane(mean, planeOf(tensors.mean_patch), ink, 1);
    enlarge(mean, Math.max(1, Math.floor(PICTURE / field.size)));
    const ascent = find(document, "#ascent", HTMLCanvasElement);
    paintPlane(ascent, planeOf(tensors.ascent), ink, 1);
    enlarge(ascent, PICTURE / 28);
    const [, rows, columns] = layer.output_shape;
    const [top, left] = [rows, columns].map((extent) => field.start + field.jump * Math.floor(extent / 2));
    place(find(/** @type {HTMLElement} */ (ascent.parentElement), ".box", HTMLElement), { top, left, height: field.size, width: field.size }, PICTURE / 28);
    document.body.dataset.painted = "true";
  }
  if (kernels) {
    const [, channels, rows, columns] = kernels.shape;
    const range = kernels.data.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
    const size = rows * columns;
    legend.update([-range, range], diverging);
    findAll(document, "#slices canvas", HTMLCanvasElement).forEach((canvas, channel) => {
      const begin = (filter * channels + channel) * size;
      paintPlane(canvas, { width: columns, height: rows, data: /** @type {Tensor} */ (kernels).data.subarray(begin, begin + size) }, diverging, range);
      enlarge(canvas, Math.floor((channels === 1 ? PATCH : SLICE) / columns));
    });
  }
}

/** What a neuron sees; zeros beyond the border. @param {Plane} plane  @param {Box} box  @returns {Plane} */
function patchOf({ width, height, data }, box) {
  const patch = new Float32Array(box.width * box.height);
  patch.forEach((_, i) => {
    const [y, x] = [box.top + Math.floor(i / box.width), box.left + (i % box.width)];
    if (y >= 0 && x >= 0 && y < height && x < width) patch[i] = data[y * width + x];
  });
  return { width: box.width, height: box.height, data: patch };
}

/** @param {Tensor} tensor  @returns {Plane} */
function planeOf({ shape: [height, width], data }) {
  return { width, height, data };
}

/** @param {HTMLElement} frame  @param {Box} box  @param {number} zoom */
function place(frame, { top, left, height, width }, zoom) {
  frame.style.insetInlineStart = `${left * zoom}px`;
  frame.style.insetBlockStart = `${top * zoom}px`;
  frame.style.inlineSize = `${width * zoom}px`;
  frame.style.blockSize = `${height * zoom}px`;
}

document.documentElement.addEventListener("themechange", paint);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const link = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  if (link) document.querySelector(`a[rel="${link}"]`)?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
});

getPortrait(model.id, layer.name, filter).then((answer) => {
  portrait = answer;
  paint();
}, fail);
getKernels(model.id, layer.name).then((tensor) => {
  kernels = tensor;
  paint();
}, fail);
