// @ts-check
// What each stop of the tour measures on the digit, says of it, and shows.
/** @import { Digit, Plane, Tensor, ThemeColors } from "../../types.js" */
import { getLedger, postPoke, postResponses, postShift } from "../../api/experiments.js";
import { postGradients } from "../../api/gradients.js";
import { getKernels } from "../../api/http.js";
import { getTuning } from "../../api/orientation.js";
import { build } from "../../dom-build.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { planesOf } from "../../state/selectors.js";
import { formatValue } from "../legend.js";
import { createPolarPlot } from "../orientation/polar-plot.js";

const MIDDLE = { row: 14, column: 14 };
const SHIFT = { down: 0, right: 2 };
const ZOOM = 6;
const BAR = { length: 20, width: 3, row: 14, column: 14, grating: false, dark: false };
const SHOWN_CURVES = 4;

/**
 * @typedef {object} Exhibit
 * @property {number} number             What was guessed, as it was measured.
 * @property {string} sentence           What was measured.
 * @property {(colors: ThemeColors) => Node[]} show
 * @property {{row: number, column: number}} [place]  Where the strongest answer is, if a place was guessed.
 */

/** By number of the stop. @type {Record<number, (digit: Digit, input: Plane) => Promise<Exhibit>>} */
export const EXHIBITS = {
  async 1(digit, input) {
    const { answer: { models: [{ layers: [layer] }] }, tensors } = await postPoke(digit, MIDDLE, ["mlp-500"]);
    const change = tensors[`mlp-500/${layer.name}`];
    return {
      number: layer.changed,
      sentence: `${layer.changed} of ${layer.neurons} neurons of ${layer.name} hold another number.`,
      show: (colors) => [poked(input, colors), grid(change, layer.largest, colors, `${layer.name}: each cell is a neuron, its color how far its number moved (up to ${formatValue(layer.largest)})`)],
    };
  },

  async 2() {
    const { angles, layers: [{ filters }], selective_from: from } = await getTuning("cnn", BAR, "swept", null);
    const selective = filters.filter(({ verdict }) => verdict === "selective");
    const most = [...selective].sort((a, b) => b.selectivity - a.selectivity).slice(0, SHOWN_CURVES);
    return {
      number: selective.length,
      sentence: `${selective.length} of ${filters.length} filters are selective: 1 − circular variance is ${from} or more. The others: ${filters.length - selective.length}.`,
      show: () => most.map(({ filter, responses, preferred, selectivity }) => {
        const plot = createPolarPlot(`Filter ${filter}`);
        plot.update({ angles, before: responses, pooled: null, preferred, label: `Filter ${filter} prefers ${Math.round(preferred ?? 0)}°, selectivity ${selectivity.toFixed(2)}` });
        plot.point(preferred ?? 0);
        return build("figure", {}, plot.root, build("figcaption", {}, `filter ${filter}: ${Math.round(preferred ?? 0)}°, selectivity ${selectivity.toFixed(2)}`));
      }),
    };
  },

  async 3(digit, input) {
    const { answer: { models: [{ layers: [layer] }] }, tensors } = await postPoke(digit, MIDDLE, ["cnn"]);
    // A dead filter's kernel has no zeros either: the count is the same in each map.
    const number = Math.max(...layer.changed_per_filter);
    const filter = layer.changed_per_filter.indexOf(number);
    const plane = planesOf(tensors[`cnn/${layer.name}`])[filter];
    return {
      number,
      sentence: `${number} of the ${plane.data.length} neurons of map ${filter} hold another number: those whose square has the pixel in it.`,
      show: (colors) => [poked(input, colors), figure(plane, colors.diverging, largest(plane.data), `map ${filter} of ${layer.name}: how far each number moved`)],
    };
  },

  async 4(digit, input) {
    const { answer: { models: [{ layers: [layer] }] }, tensors } = await postShift(digit, SHIFT, ["cnn"]);
    const { inside, residual } = layer;
    const difference = tensors[`cnn/${layer.name}`];
    const planes = planesOf(difference);
    let number = 0;
    for (const { width, data } of planes) {
      data.forEach((value, i) => {
        const [row, column] = [Math.floor(i / width), i % width];
        if (inside && value !== 0 && row >= inside.top && row < inside.top + inside.height && column >= inside.left && column < inside.left + inside.width) number += 1;
      });
    }
    const checked = inside ? planes.length * inside.height * inside.width : 0;
    const moved = tensors.shifted;
    return {
      number,
      sentence: `${number} of ${checked.toLocaleString("en")} numbers; the largest difference is ${formatValue(residual ?? 0)}, computed in double precision.`,
      show: (colors) => [
        figure(input, colors.ink, 1, "your digit"),
        figure({ width: moved.shape[1], height: moved.shape[0], data: moved.data }, colors.ink, 1, "moved right by 2 pixels"),
        figure(planes[0], colors.diverging, largest(planes[0].data), "map 0: new map less the old one, moved along; only cells that see the border may differ"),
      ],
    };
  },

  async 5(digit, input) {
    const [{ kernels: { strongest, places } }, kernels] = await Promise.all([postResponses(digit), getKernels("cnn", "conv1")]);
    const filter = strongest.indexOf(Math.max(...strongest));
    const [, , height, width] = kernels.shape;
    const kernel = { width, height, data: kernels.data.subarray(filter * width * height, (filter + 1) * width * height) };
    const [row, column] = places[filter];
    return {
      number: filter,
      place: { row, column },
      sentence: `Kernel ${filter} answers most, ${formatValue(strongest[filter])}, at row ${row}, column ${column}.`,
      show: (colors) => [figure(kernel, colors.diverging, largest(kernel.data), `kernel ${filter}`, 28), figure(input, colors.ink, 1, "your digit", 10)],
    };
  },

  async 6(digit) {
    const { templates: { active, activations } } = await postResponses(digit);
    const tensor = { shape: [activations.length, 1, 1], data: Float32Array.from(activations) };
    return {
      number: active,
      sentence: `${active} of ${activations.length} templates answer; the others are silent.`,
      show: (colors) => [grid(tensor, largest(tensor.data), colors, `each cell is a template, its color how strongly it answers (up to ${formatValue(largest(tensor.data))})`)],
    };
  },

  async 7(digit) {
    const [{ answer: { models: [{ layers: [layer] }] } }, { rows }] = await Promise.all([
      postGradients(digit, 0, ["cnn"], false),
      getLedger({ kernelSize: 5, stride: 1, padding: 2, filters: 16, features: 500 }),
    ]);
    return {
      number: layer.kept,
      sentence: `${layer.products.toLocaleString("en")} products are added up into ${layer.kept} gradients, each of ${Math.round(layer.products / (layer.kept - layer.shape[0]))} products.`,
      show: () => [build("table", { class: "figures" },
        build("thead", {}, build("tr", {}, ...["A layer with these outputs", "products", "weights to learn"].map((name) => build("th", { scope: "col" }, name)))),
        build("tbody", {}, ...rows.filter(({ id }) => id !== "perceptron").map(({ title, multiply_adds: products, weights }) => build("tr", {},
          build("th", { scope: "row" }, title), build("td", {}, products.toLocaleString("en")), build("td", {}, weights.toLocaleString("en"))))))],
    };
  },
};

/** The digit with the pixel that is touched. @param {Plane} input  @param {ThemeColors} colors */
function poked(input, colors) {
  const element = figure(input, colors.ink, 1, "one pixel is touched");
  const canvas = /** @type {HTMLCanvasElement} */ (element.firstElementChild);
  const box = mark(MIDDLE.row, MIDDLE.column, 1, ZOOM);
  const holder = build("div", { class: "marked" });
  canvas.replaceWith(holder);
  holder.append(canvas, box);
  return element;
}

/**
 * A frame around cells.
 * @param {number} row
 * @param {number} column
 * @param {number} cells
 * @param {number} zoom
 */
export function mark(row, column, cells, zoom) {
  const box = build("i", { class: "box" });
  box.style.insetBlockStart = `${row * zoom}px`;
  box.style.insetInlineStart = `${column * zoom}px`;
  box.style.inlineSize = box.style.blockSize = `${cells * zoom}px`;
  return box;
}

/** 500 neurons, 25 to a row. @param {Tensor} tensor  @param {number} range  @param {ThemeColors} colors  @param {string} caption */
function grid({ data }, range, colors, caption) {
  return figure({ width: 25, height: data.length / 25, data }, colors.diverging, range, caption, 9);
}

/**
 * @param {Plane} plane
 * @param {import("../../draw/color-scale.js").ColorScale} scale
 * @param {number} range
 * @param {string} caption
 * @param {number} [zoom]
 */
function figure(plane, scale, range, caption, zoom = ZOOM) {
  const canvas = build("canvas", { class: "plane", width: plane.width, height: plane.height, role: "img", "aria-label": caption });
  paintPlane(canvas, plane, scale, range);
  enlarge(canvas, zoom);
  return build("figure", {}, canvas, build("figcaption", {}, caption));
}

/** @param {Float32Array} data */
function largest(data) {
  return data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
}
