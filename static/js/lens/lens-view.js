// @ts-check
// What the panel shows of a neuron, from the state and the known values.
/** @import { Bench, LayerDescription, Neuron, Plane } from "../types.js" */
/** @import { Section } from "../network/selectors.js" */
/** @import { LensView } from "./lens-panel.js" */
/** @import { Values } from "./values.js" */
import { patchSpan } from "../draw/grid-geometry.js";
import { largestAbsolute } from "../draw/largest.js";
import { planesOf, shownLayer } from "../network/selectors.js";
import { writeOut } from "./write-out.js";
import { strongestFirst } from "./contribution-maps.js";
import { decimalsFor } from "./rounding.js";

const COLORS = ["red", "green", "blue"]; // The channels of an input in color.

/**
 * How the neuron is shown.
 * @typedef {object} Look
 * @property {number | null} channel   The input channel chosen; null for the strongest.
 * @property {boolean} expanded
 * @property {boolean} pinned
 * @property {number | null} painted
 * @property {boolean} playing
 * @property {boolean} still
 * @property {((layer: string, filter: number) => Plane | null) | null} heldMap
 */

/**
 * @param {Bench} bench
 * @param {Values} values
 * @param {Section} section
 * @param {Neuron} neuron
 * @param {Look} look
 * @returns {LensView}
 */
export function lensView(bench, values, section, neuron, look) {
  const { layer } = section;
  const source = shownLayer(section, bench.store.getState().rectified);
  const before = values.layerBefore(layer);
  const colorings = coloringsOf(bench, values, layer, source, before);
  const found = values.sourcesOf(section);
  const arithmetic = found && writeOut(layer, found.sources, neuron, patchSpan(layer, neuron));
  const order = arithmetic?.sums ? strongestFirst(arithmetic.sums) : [];
  const maps = found ? planesOf(found.sources.reads) : [];
  const additions = found ? values.contributionsOf(layer, found.sources, neuron.filter) : [];
  const { channel, expanded, pinned, painted, playing, still, heldMap } = look;
  const exact = found?.isExact ?? false;
  const step = values.step();
  return {
    // The page of a filter is about the finished network.
    name: exact ? bench.names.nameOf(layer.name, neuron.filter, step) : "",
    page: step === null ? bench.names.pageOf(neuron.filter) : undefined,
    section, neuron, arithmetic, order, expanded, pinned, painted, playing, still, colorings,
    exact,
    decimals: decimalsFor(colorings.own.range),
    extent: [layer.input_shape[1], layer.input_shape[2]],
    reads: before?.name ?? "input",
    channel: order.length > 1 && channel !== null && channel < order.length ? channel : (order[0] ?? 0),
    readMapOf: (each) => maps[each],
    nameOfRead: (each) => (before || maps.length === 1 ? `map ${each}` : COLORS[each]),
    contributionOf: (each) => additions[each] ?? null,
    map: values.mapOf(layer, source, neuron.filter),
    mapName: `map ${neuron.filter} of ${source.name}`,
    held: heldMap?.(source.name, neuron.filter) ?? null,
    step,
  };
}

/**
 * @param {Bench} bench
 * @param {Values} values
 * @param {LayerDescription} layer
 * @param {LayerDescription} source
 * @param {LayerDescription | undefined} before
 * @returns {LensView["colorings"]}
 */
function coloringsOf(bench, values, layer, source, before) {
  const { diverging, ink } = bench.colors();
  const training = bench.store.getState().response?.training;
  const kernels = values.finishedKernels(layer.name);
  return {
    reads: before ? { scale: diverging, range: before.display_range[1] } : { scale: ink, range: 1 },
    // Earlier kernels have the colors of the layers.
    kernel: { scale: diverging, range: training?.rangeOf(layer.name) || (kernels ? largestAbsolute(kernels.data) : 1) },
    own: { scale: diverging, range: source.display_range[1] },
  };
}
