// @ts-check
// The lesson "What a kernel is": one cell of a map by hand, the same kernel elsewhere, its angle, and the network without it.
/** @import { LayerDescription, NeuronArithmetic, Plane, Tuning } from "../types.js" */
/** @import { LessonFigure, Measure } from "./lesson.js" */
import { requestActivations } from "../api/activations.js";
import { getTuning, postEdited, postFeatureComparison } from "../api/experiments.js";
import { requestNeuron } from "../api/neuron.js";
import { largestAbsolute } from "../draw/largest.js";
import { planeOfRows, smallestAt } from "../draw/plane.js";
import { patchSpan } from "../draw/grid-geometry.js";
import { bodyOfEdits, encodeEdits } from "../editor/kernel-edits.js";
import { editableLayers } from "../editor/editable-layers.js";
import { describePreferred } from "../experiments/orientation-tuning/tuning-card.js";
import { OPENING_BAR } from "../experiments/orientation-tuning/address.js";
import { describeClass } from "../experiments/perturb-pixel/changes.js";
import { decimalsFor, formatFixed } from "../lens/rounding.js";
import { planeOf, planesOf } from "../network/selectors.js";
import { formatCount } from "./lesson.js";

const PIXEL_DECIMALS = 2; // As the lens shows a patch of five columns.

/** @type {Measure} */
export async function measure(digit, { convolution: { id, model } }) {
  const [first, rectifier] = model.layers;
  const [{ convolution }, { tensors, prediction }, tuning] = await Promise.all([
    postFeatureComparison(digit),
    requestActivations(id, digit, { layers: [first.name, rectifier.name], dtype: "float32" }),
    getTuning(id, OPENING_BAR, "swept", null),
  ]);
  const filter = convolution.strongest.indexOf(Math.max(...convolution.strongest));
  const [row, column] = convolution.positions[filter];
  const low = smallestAt(planesOf(tensors[first.name])[filter]);
  const edits = [{ layer: first.name, filter, kernel: null, ablated: true, position: null }];
  const layers = editableLayers(model);
  const [cell, lowest, edited] = await Promise.all([
    requestNeuron(id, digit, { layer: first.name, filter, row, column }),
    requestNeuron(id, digit, { layer: first.name, filter, ...low }),
    postEdited(id, digit, bodyOfEdits(edits, layers), [rectifier.name]),
  ]);
  const decimals = decimalsFor(rectifier.display_range[1]);
  return {
    values: {
      ...valuesOfCell(cell, decimals),
      ...valuesOfLayer(first),
      filter: String(filter),
      low_row: String(low.row),
      low_column: String(low.column),
      low_sum: formatFixed(lowest.pre_activation, decimals),
      low_activation: formatFixed(lowest.activation, decimals),
      preferred: describePreferred(/** @type {Tuning} */ (tuning.layers[0].filters[filter])),
      predicted: describeClass(prediction),
      edited: describeClass(edited.prediction),
    },
    links: {
      cell: `k=${[first.name, filter, row, column].join(".")}`,
      elsewhere: `k=${[first.name, filter, low.row, low.column].join(".")}`,
      orientation: "",
      off: `e=${encodeEdits(edits, layers)}&f=0.${filter}.0`,
    },
    figures: {
      ...figuresOfCell(cell, decimals, `kernel ${filter}`),
      map: mapFigure(planesOf(tensors[rectifier.name])[filter], rectifier, filter),
      digit: { plane: planeOf(tensors.input), scale: "ink", range: 1, caption: "the digit; the square of the first cell is framed", frame: patchSpan(first, { row, column }) },
    },
  };
}

/** @param {NeuronArithmetic} cell  @param {number} decimals */
function valuesOfCell({ patch: [patch], kernel: [kernel], products: [products], bias, pre_activation: sum, activation }, decimals) {
  const columns = products[0].length;
  const sizes = products.flat().map(Math.abs);
  const largest = sizes.indexOf(Math.max(...sizes));
  const [row, column] = [Math.floor(largest / columns), largest % columns];
  return {
    product_row: String(row),
    product_column: String(column),
    pixel: formatFixed(patch[row][column], PIXEL_DECIMALS),
    weight: formatFixed(kernel[row][column], decimals),
    product: formatFixed(products[row][column], decimals),
    count: String(sizes.length),
    // One decimal more, so that the rounded sum is right.
    products_sum: formatFixed(sum - bias, decimals + 1),
    bias: formatFixed(bias, decimals + 1),
    sum: formatFixed(sum, decimals),
    activation: formatFixed(activation, decimals),
  };
}

/** @param {LayerDescription} layer */
function valuesOfLayer({ kernel_size: size, output_shape: [filters, height, width], weights, weight_uses: uses }) {
  return {
    filters: String(filters), size: (size ?? [1, 1]).join("×"), cells: formatCount(height * width),
    weights: formatCount(weights), uses: formatCount(uses),
  };
}

/** @param {NeuronArithmetic} cell  @param {number} decimals  @param {string} name  @returns {Record<string, LessonFigure>} */
function figuresOfCell({ patch, kernel }, decimals, name) {
  const weights = planeOfRows(kernel[0]);
  return {
    patch: { plane: planeOfRows(patch[0]), scale: "ink", range: 1, caption: "square of the digit", textOf: (value) => formatFixed(value, PIXEL_DECIMALS) },
    kernel: { plane: weights, scale: "diverging", range: largestAbsolute(weights.data) || 1, caption: name, textOf: (value) => formatFixed(value, decimals) },
  };
}

/** @param {Plane} plane  @param {LayerDescription} rectifier  @param {number} filter  @returns {LessonFigure} */
function mapFigure(plane, { name, display_range: [, range] }, filter) {
  return { plane, scale: "diverging", range, caption: `map ${filter} of ${name}` };
}
