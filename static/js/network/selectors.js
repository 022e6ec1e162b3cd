// @ts-check
/** @import { ActivationsRequest, LayerDescription, ModelDescription, Neuron, Plane, State, Tensor } from "../types.js" */

/**
 * What the layer section of one layer shows.
 * @typedef {object} LayerView
 * @property {LayerDescription} source  The layer whose values are shown: the section's own, or the function that follows it.
 * @property {{plane: Plane, factor: number, peak: number, mark: string}[]} maps  `factor`: the amplification of a map; `mark`: "dead", "inactive", "same" or nothing.
 */

/**
 * A layer and the activation function or softmax that follows it, which share one section of the page.
 * @typedef {{layer: LayerDescription, after: LayerDescription | null}} Section
 */

/**
 * @param {ModelDescription} model
 * @returns {Section[]}
 */
export function sectionsOf(model) {
  /** A function of a function, or of the input, has a section of its own. @param {number} i */
  const belongsToPrevious = (i) => model.layers[i]?.kind === "softmax" || Boolean(model.layers[i]?.function && i && !model.layers[i - 1].function);
  return model.layers.flatMap((layer, i) => (belongsToPrevious(i) ? [] : [{ layer, after: belongsToPrevious(i + 1) ? model.layers[i + 1] : null }]));
}

/**
 * The layer whose values a section shows now. The last layer shows its logits, because the probabilities are shown as bars.
 * @param {Section} section
 * @param {boolean} rectified
 */
export function shownLayer(section, rectified) {
  return rectified && section.after?.function ? section.after : section.layer;
}

/**
 * The layers whose maps the page needs.
 * @param {Section[]} sections
 * @param {boolean} rectified
 * @param {Set<string> | null} near  Names of the sections on the screen or near it; null for all.
 */
export function layersToRequest(sections, rectified, near) {
  return sections.filter(({ layer }) => near?.has(layer.name) ?? true).map((section) => shownLayer(section, rectified).name);
}

/**
 * The request for maps that the page needs and that are neither known nor requested.
 * @param {Section[]} sections
 * @param {Pick<State, "digit" | "response" | "rectified" | "training">} state
 * @param {Set<string> | null} near  As for `layersToRequest`.
 * @param {ActivationsRequest | null} latest  The newest request.
 * @returns {ActivationsRequest | null}
 */
export function neededRequest(sections, { digit, response, rectified, training }, near, latest) {
  const layers = layersToRequest(sections, rectified, near);
  const known = response?.digit === digit && (response.training?.view ?? null) === training ? response.tensors : {};
  const isSame = latest?.digit === digit && latest.training === training;
  return isSame && layers.every((name) => name in known || latest.layers.includes(name)) ? null : { digit, layers, training };
}

/**
 * @param {State} state
 * @param {Section} section
 * @returns {LayerView | null}
 */
export function selectLayer(state, section) {
  const shown = shownLayer(section, state.rectified);
  const compared = state.response?.compared ?? false;
  const source = compared ? bothSigns(shown) : shown;
  const tensor = state.response?.tensors[source.name];
  if (!tensor) return null;
  // A filter that is dead in the finished network may have been active earlier.
  const dead = new Set(state.response?.training ? [] : section.after?.dead_filters);
  const high = source.display_range[1];
  const maps = planesOf(tensor).map((plane, filter) => {
    const { peak, reach } = extremesOf(plane);
    const isZero = reach === 0;
    const mark = !isZero ? "" : compared ? "same" : dead.has(filter) ? "dead" : "inactive";
    return { plane, peak, mark, factor: isZero ? 1 : boostFactor(state.boost, high / reach) };
  });
  return { source, maps };
}

/**
 * A difference has both signs; the ends of its color scale are those of the maps that are subtracted.
 * @param {LayerDescription} layer
 * @returns {LayerDescription}
 */
function bothSigns(layer) {
  const high = layer.display_range[1];
  return { ...layer, display_range: [-high, high] };
}

/**
 * The factor by which a map's values are multiplied before they are colored: by geometric interpolation between 1 and the
 * factor that brings the map's own extreme to the end of the color scale. It is never below 1.
 * @param {number} boost  0–1.
 * @param {number} full   The factor for a boost of 1.
 */
export function boostFactor(boost, full) {
  return Math.max(1, full) ** boost;
}

/**
 * @param {Tensor} tensor  [F, H, W].
 * @returns {Plane[]} Views, no copies.
 */
export function planesOf(tensor) {
  const [count, height, width] = tensor.shape;
  const size = height * width;
  return Array.from({ length: count }, (_, i) => ({ width, height, data: tensor.data.subarray(i * size, (i + 1) * size) }));
}

/** One map as a plane. @param {Tensor} tensor  [H, W]. @returns {Plane} */
export function planeOf({ shape: [height, width], data, inColor }) {
  return { width, height, data, ...(inColor && { pixels: inColor.pixels }) };
}

/**
 * The activation of one neuron.
 * @param {Tensor} tensor  [F, H, W]
 * @param {Pick<Neuron, "filter" | "row" | "column">} neuron
 */
export function valueAt({ shape: [, height, width], data }, { filter, row, column }) {
  return data[(filter * height + row) * width + column];
}

/**
 * @param {Plane} plane
 * @returns {{peak: number, reach: number}} The largest value, and the largest distance from zero.
 */
function extremesOf(plane) {
  let peak = -Infinity;
  let low = Infinity;
  for (const value of plane.data) {
    if (value > peak) peak = value;
    if (value < low) low = value;
  }
  return { peak, reach: Math.max(peak, -low) };
}

/**
 * One kernel of each filter: of a layer whose weights are not shared, that of the middle position.
 * @param {Tensor} weights  [F, C, k, k] or [F, H, W, C, k, k]
 * @returns {Tensor}        [F, C, k, k]
 */
export function kernelsAtMiddle(weights) {
  if (weights.shape.length === 4) return weights;
  const { shape: [filters, height, width, ...kernel], data } = weights;
  const size = kernel.reduce((product, each) => product * each, 1);
  const middle = Math.floor(height / 2) * width + Math.floor(width / 2);
  const middles = Array.from({ length: filters }, (_, filter) => {
    const begin = (filter * height * width + middle) * size;
    return [...data.subarray(begin, begin + size)];
  });
  return { shape: [filters, ...kernel], data: Float32Array.from(middles.flat()) };
}
