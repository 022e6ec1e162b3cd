// @ts-check
// What the first screen's sweep shows at a cell: the arithmetic, its window and its colors. Knows no elements.
/** @import { Arithmetic, Bench, LayerDescription, Neuron, Plane, Sources, Tensor } from "../types.js" */
/** @import { LayerView } from "../network/selectors.js" */
/** @import { FirstSweepView } from "./first-sweep-view.js" */
import { patchSpan } from "../draw/grid-geometry.js";
import { largestAbsolute } from "../draw/largest.js";
import { largestAt, positionOf } from "../draw/plane.js";
import { planesOf } from "../network/selectors.js";
import { isEmptyPatch, writeOutSum } from "./arithmetic.js";
import { decimalsFor } from "./rounding.js";

/**
 * @param {Bench} bench
 * @param {LayerDescription} layer
 * @param {NeuronGrid} grid
 * @param {ReturnType<typeof import("./first-sweep-values.js").createFirstSweepValues>["sources"]} sources
 */
export function createFirstSweepScene(bench, layer, grid, sources) {
  const [, rows, columns] = grid.shape;
  const before = bench.model.layers[bench.model.layers.indexOf(layer) - 1];
  const rangeOf = createRange();

  /** @param {LayerView} view  @param {number} filter  @returns {Plane} */
  function mapOf({ maps }, filter) {
    if (!grid.together) return maps[filter].plane;
    return { width: columns, height: rows, data: Float32Array.from(maps, ({ plane }) => plane.data[0]) };
  }

  /** @param {Neuron} cell  @returns {{arithmetic: Arithmetic, isExact: boolean} | null} */
  function arithmeticAt(cell) {
    const found = sources();
    if (!found?.sources.weights) return null;
    const neuron = grid.neuronOf(cell);
    return { arithmetic: writeOutSum(layer, found.sources, neuron, patchSpan(layer, neuron)), isExact: found.isExact };
  }

  return {
    /** Whether the window of a cell is empty. @param {Neuron} cell */
    isBlank(cell) {
      const found = grid.together ? null : sources();
      return Boolean(found && isEmptyPatch(layer, found.sources.reads, cell.filter, patchSpan(layer, cell)));
    },

    /** @param {LayerView} view  @param {number} filter */
    strongestCell(view, filter) {
      return { layer: layer.name, filter, ...largestAt(mapOf(view, filter)) };
    },

    /** The filter with the largest activations: the one with most to see. @param {LayerView} view */
    strongestFilter({ maps }) {
      if (grid.together) return 0;
      const totals = maps.map(({ plane }) => plane.data.reduce((sum, value) => sum + Math.max(0, value), 0));
      return totals.indexOf(Math.max(...totals));
    },

    /** The sum of products and bias; null until the exact values are known. @param {Neuron} cell */
    sumAt(cell) {
      const found = arithmeticAt(cell);
      return found?.isExact ? sumOf(found.arithmetic) : null;
    },

    /** @param {LayerView} view  @param {Neuron} cell  @param {number} painted  @returns {FirstSweepView | null} */
    viewOf(view, cell, painted) {
      const known = sources();
      if (!known) return null;
      const { sources: { reads, weights }, step } = known;
      const neuron = grid.neuronOf(cell);
      const span = patchSpan(layer, neuron);
      const found = arithmeticAt(cell);
      const kernel = found && kernelPlane(found.arithmetic);
      const { diverging, ink } = bench.colors();
      const { source, maps } = view;
      return {
        reads: { ...planesOf(reads)[0], pixels: reads.inColor?.pixels }, window: span, kernel, painted,
        map: mapOf(view, neuron.filter),
        cell: { top: cell.row, left: cell.column, height: 1, width: 1 },
        number: neuron.filter,
        name: bench.names.nameOf(layer.name, neuron.filter, step),
        products: layer.multiply_adds / layer.output_shape.reduce((product, each) => product * each),
        sum: found?.isExact ? sumOf(found.arithmetic) : null,
        decimals: decimalsFor(source.display_range[1]),
        colorings: {
          reads: before ? { scale: diverging, range: before.display_range[1] } : { scale: ink, range: 1 },
          kernel: { scale: diverging, range: kernel ? rangeOf(/** @type {Tensor} */ (weights?.kernels), kernel) : 1 },
          map: { scale: diverging, range: source.display_range[1] / maps[neuron.filter].factor },
        },
      };
    },
  };
}

/** @typedef {ReturnType<typeof createFirstSweepScene>} FirstSweepScene */

/** The network's own sum if it is known, else as computed here. @param {Arithmetic} arithmetic */
function sumOf({ stored, computed }) {
  return stored ?? computed;
}

/**
 * A neuron's weights, those of several input channels added up.
 * @param {Arithmetic} arithmetic
 * @returns {Plane}
 */
function kernelPlane({ kernel, channels, rows, columns }) {
  const weights = /** @type {Float32Array} */ (kernel);
  const size = rows * columns;
  const data = Float32Array.from({ length: size }, (_, cell) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) sum += weights[channel * size + cell];
    return sum;
  });
  return { width: columns, height: rows, data };
}

/** The end of the kernels' color scale, which is looked up once for each layer's kernels. */
function createRange() {
  /** @type {{kernels: Tensor | null, largest: number}} */
  let known = { kernels: null, largest: 0 };
  /** @param {Tensor} kernels  @param {Plane} shown */
  return (kernels, shown) => {
    if (known.kernels?.data !== kernels.data) known = { kernels, largest: largestAbsolute(kernels.data) };
    return Math.max(known.largest, largestAbsolute(shown.data));
  };
}

/** A cell of the grid, named as a neuron so that the sweep can move over it. @typedef {Neuron} Cell */

/**
 * A feature map; for a fully connected layer, whose maps have one cell each, all its neurons together.
 * @param {LayerDescription} layer
 */
export function neuronGrid({ name, output_shape: [filters, height, width] }) {
  const together = height * width === 1 && filters > 1;
  const rows = together ? largestDivisor(filters) : height;
  const columns = together ? filters / rows : width;

  return {
    /** Whether the cells are the layer's filters, and not the positions of one filter. */
    together,
    filters,
    /** @type {LayerDescription["output_shape"]} */
    shape: [1, rows, columns],

    /** @param {Cell} cell  @returns {Neuron} */
    neuronOf: ({ filter, row, column }) => (together ? { layer: name, filter: row * columns + column, row: 0, column: 0 } : { layer: name, filter, row, column }),

    /** @param {number} filter  @param {number} index  In reading order.  @returns {Cell} */
    cellAt: (filter, index) => ({ layer: name, filter, ...positionOf(index, columns) }),
  };
}

/** @typedef {ReturnType<typeof neuronGrid>} NeuronGrid */

/** The largest divisor that is at most the square root, so that the neurons fill a grid. @param {number} count */
function largestDivisor(count) {
  for (let divisor = Math.floor(Math.sqrt(count)); ; divisor -= 1) if (count % divisor === 0) return divisor;
}
