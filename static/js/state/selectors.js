// @ts-check
/** @import { LayerDescription, ModelDescription, Plane, State, Tensor } from "../types.js" */

/**
 * What the layer section of one layer shows.
 * @typedef {object} LayerView
 * @property {LayerDescription} source  The layer whose values are shown: the section's own, or the ReLU behind it.
 * @property {{plane: Plane, factor: number, peak: number, mark: string}[]} maps  `factor` is how much a map is boosted.
 */

/**
 * A layer and the ReLU or softmax that follows it, which share one section of the page.
 * @typedef {{layer: LayerDescription, after: LayerDescription | null}} Section
 */

/**
 * @param {ModelDescription} model
 * @returns {Section[]}
 */
export function sectionsOf(model) {
  /** @param {LayerDescription | undefined} layer */
  const cuts = (layer) => layer?.kind === "relu" || layer?.kind === "softmax";
  return model.layers.flatMap((layer, i) => {
    if (cuts(layer)) return [];
    const next = model.layers[i + 1];
    return [{ layer, after: cuts(next) ? next : null }];
  });
}

/**
 * The layer whose values a section shows now. A fully connected head shows its logits: the probabilities have bars.
 * @param {Section} section
 * @param {boolean} rectified
 */
export function shownLayer(section, rectified) {
  return rectified && section.after?.kind === "relu" ? section.after : section.layer;
}

/**
 * The layers to ask the server for.
 * @param {Section[]} sections
 * @param {boolean} rectified
 * @param {Set<string> | null} near  Names of the sections on the screen or near it; null for all.
 */
export function layersToAsk(sections, rectified, near) {
  return sections.filter(({ layer }) => near?.has(layer.name) ?? true).map((section) => shownLayer(section, rectified).name);
}

/**
 * @param {State} state
 * @param {Section} section
 * @returns {LayerView | null}
 */
export function selectLayer(state, section) {
  const shown = shownLayer(section, state.rectified);
  const compared = state.answer?.compared ?? false;
  const source = compared ? bothSigns(shown) : shown;
  const tensor = state.answer?.tensors[source.name];
  if (!tensor) return null;
  // Of the finished network: what never fires there may have fired before.
  const dead = new Set(state.answer?.training ? [] : section.after?.dead_filters);
  const high = source.display_range[1];
  const maps = planesOf(tensor).map((plane, filter) => {
    const { peak, reach } = extremesOf(plane);
    const silent = reach === 0;
    const mark = !silent ? "" : compared ? "same" : dead.has(filter) ? "dead" : "silent";
    return { plane, peak, mark, factor: silent ? 1 : boostFactor(state.boost, high / reach) };
  });
  return { source, maps };
}

/**
 * A difference has both signs, and the ends of its scale are those of the maps that it is the difference of.
 * @param {LayerDescription} layer
 * @returns {LayerDescription}
 */
function bothSigns(layer) {
  const high = layer.display_range[1];
  return { ...layer, display_range: [-high, high] };
}

/**
 * How much a map's values are multiplied before they are colored: geometrically between 1 and whatever
 * brings its own extreme to the end of the scale. A map already beyond the scale is never dimmed.
 * @param {number} boost  0–1.
 * @param {number} full
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
