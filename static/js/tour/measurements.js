// @ts-check
// What is measured for each claim on the digit. Everything comes from the API; uses no elements.
/** @import { ComparedNetwork, ComparedNetworks, Digit, LayerCost, Plane, Tensor, Tuning } from "../types.js" */
/** @import { Position } from "./guesses.js" */
import { requestActivations } from "../api/activations.js";
import { getLayerCosts, getTuning, postFeatureComparison, postGradients, postPerturbPixel, postTranslation } from "../api/experiments.js";
import { getFilterNames, requestKernels } from "../api/kernels.js";
import { requestNeuron } from "../api/neuron.js";
import { largestAt, planeOfRows, smallestAt } from "../draw/plane.js";
import { kernelOf } from "../experiments/feature-comparison/features.js";
import { formatValue } from "../network/legend.js";
import { planeOf, planesOf } from "../network/selectors.js";
import { countDifferent } from "./planes.js";

export const MIDDLE = { row: 14, column: 14 };
export const SHIFT = { down: 0, right: 2 };
const BAR = { length: 20, width: 3, row: 14, column: 14, grating: false, dark: false };

/**
 * @template T
 * @typedef {{number: number, short: string, sentence: string, shown: T}} Measured  `short`: for the summary; `shown`: for the figure.
 */

/** One neuron's sum. @typedef {{patch: Plane, kernel: Plane, products: Plane, sum: number, bias: number, activation: number} & Position} NeuronSum */

/**
 * What several claims need of a digit, and what does not depend on it.
 * @param {ComparedNetwork} convolution
 * @param {ComparedNetwork} perceptron
 */
function createRequests(convolution, perceptron) {
  const [first, rectifier] = convolution.model.layers;
  const dense = perceptron.model.layers[0];

  // What does not depend on the digit is requested once, and what several claims need of a digit once for each digit.
  const kernels = once(() => requestKernels(convolution.id, first.name, { dtype: "float32" }));
  const tuning = once(() => getTuning(convolution.id, BAR, "swept", null));
  const names = once(() => getFilterNames(convolution.id));
  const costs = once(() => getLayerCosts({ ...geometryOf(first), features: dense.output_shape[0] }));
  const comparison = perDigit(postFeatureComparison);
  const maps = perDigit((digit) => requestActivations(convolution.id, digit, { layers: [first.name, rectifier.name], dtype: "float32" }));
  const perturbed = perDigit((digit) => postPerturbPixel(digit, MIDDLE, [perceptron.id, convolution.id]));

  /** The digit as the networks receive it, and the filter whose activation is the largest. @param {Digit} digit */
  async function strongest(digit) {
    const [{ tensors }, weights] = await Promise.all([maps(digit), kernels()]);
    const rectified = planesOf(tensors[rectifier.name]);
    const peaks = rectified.map(({ data }) => Math.max(...data));
    const filter = peaks.indexOf(Math.max(...peaks));
    return { input: planeOf(tensors.input), filter, peak: peaks[filter], kernel: kernelOf(weights.kernels, filter), map: rectified[filter], sums: planesOf(tensors[first.name])[filter], range: rectifier.display_range[1] };
  }

  /**
   * The products of one neuron of the first convolution.
   * @param {Digit} digit
   * @param {number} filter
   * @param {Position} position
   * @returns {Promise<NeuronSum>}
   */
  async function neuronAt(digit, filter, position) {
    return { ...sumOf(await requestNeuron(convolution.id, digit, { layer: first.name, filter, ...position })), ...position };
  }

  return { first, rectifier, dense, kernels, tuning, names, costs, comparison, maps, perturbed, strongest, neuronAt };
}

/**
 * The measurements of each claim.
 * @param {ComparedNetworks} networks
 */
export function createMeasurements({ convolution, "fully-connected": perceptron }) {
  const { first, rectifier, dense, kernels, tuning, names, costs, comparison, maps, perturbed, strongest, neuronAt } = createRequests(convolution, perceptron);

  return {
    neuronAt,

    /** A fully connected neuron sees everything. @param {Digit} digit */
    async 1(digit) {
      const [{ perceptron: { order } }, { response: { models: [{ layers: [layer] }] }, tensors }] = await Promise.all([comparison(digit), perturbed(digit)]);
      const neuron = order[0];
      const { width, height } = planeOf(tensors.input);
      const { patch, kernel, products, ...sum } = sumOf(await requestNeuron(perceptron.id, digit, { layer: dense.name, filter: neuron, row: 0, column: 0 }));
      const square = (/** @type {Plane} */ { data }) => ({ width, height, data });
      return {
        number: layer.changed,
        short: `${layer.changed} of ${layer.neurons}`,
        sentence: `${layer.changed} of ${layer.neurons} neurons change.`,
        shown: { neuron, input: square(patch), weights: square(kernel), products: square(products), ...sum, change: tensors[`${perceptron.id}/${layer.name}`].data, largest: layer.largest },
      };
    },

    /** Local, oriented features. @param {Digit} digit */
    async 2(digit) {
      const [{ angles, layers: [{ filters }] }, { filters: named }, { tensors }, weights] = await Promise.all([tuning(), names(), maps(digit), kernels()]);
      const selective = filters.filter(({ verdict }) => verdict === "selective");
      const [best] = [...selective].sort((a, b) => b.selectivity - a.selectivity);
      const filter = best.filter;
      return {
        number: selective.length,
        short: `${selective.length} of ${filters.length}`,
        sentence: `${selective.length} of ${filters.length} filters clearly prefer some angles.`,
        shown: {
          angles, best, map: planesOf(tensors[rectifier.name])[filter], range: rectifier.display_range[1],
          filters: filters.map((/** @type {Tuning} */ each, i) => ({ ...each, name: named[i].name, kernel: kernelOf(weights.kernels, i) })),
        },
      };
    },

    /** A small square. @param {Digit} digit */
    async 3(digit) {
      const [{ response: { models: [, { layers: [layer] }] }, tensors }, best] = await Promise.all([perturbed(digit), strongest(digit)]);
      const number = layer.changed_per_filter[best.filter];
      const change = planesOf(tensors[`${convolution.id}/${layer.name}`])[best.filter];
      return {
        number,
        short: `${number} of ${change.data.length}`,
        sentence: `${number} of ${change.data.length} neurons of map ${best.filter} change.`,
        shown: { ...best, change, layer: first },
      };
    },

    /** The same weights at every position. @param {Digit} digit */
    async 4(digit) {
      const [{ response: { models: [{ layers: [layer] }] }, tensors }, best] = await Promise.all([postTranslation(digit, SHIFT, [convolution.id]), strongest(digit)]);
      const differences = planesOf(tensors[`${convolution.id}/${layer.name}`]);
      const { inside } = layer;
      const number = inside ? countDifferent(differences, inside) : 0;
      const compared = inside ? differences.length * inside.height * inside.width : 0;
      const [a, b, moved] = await Promise.all([
        neuronAt(digit, best.filter, largestAt(best.sums)), neuronAt(digit, best.filter, smallestAt(best.sums)),
        requestActivations(convolution.id, { kind: "pixels", plane: planeOf(tensors.translated) }, { layers: [rectifier.name], dtype: "float32" }),
      ]);
      return {
        number,
        short: `${number.toLocaleString("en")} of ${compared.toLocaleString("en")}`,
        sentence: `${number.toLocaleString("en")} of ${compared.toLocaleString("en")} values differ.`,
        shown: { ...best, digit, a, b, movedMap: planesOf(moved.tensors[rectifier.name])[best.filter] },
      };
    },

    /** Where a feature occurs. @param {Digit} digit */
    async 5(digit) {
      const { convolution: { strongest: peaks, positions } } = await comparison(digit);
      const best = await strongest(digit);
      const [row, column] = positions[best.filter];
      return {
        number: row * best.map.width + column,
        short: `row ${row}, column ${column}`,
        sentence: `Kernel ${best.filter} has its largest activation, ${formatValue(peaks[best.filter])}, at row ${row}, column ${column}.`,
        shown: { ...best, position: { row, column } },
      };
    },

    /** 500 features across the input, or 16 local ones. @param {Digit} digit */
    async 6(digit) {
      const [{ perceptron: { active, activations, order }, convolution: { strongest: peaks } }, { tensors }] = await Promise.all([comparison(digit), maps(digit)]);
      const found = peaks.filter((peak) => peak > 0).length;
      return {
        number: active,
        short: `${active} of ${activations.length}`,
        sentence: `${active} of ${activations.length} neurons are activated; ${found} of the ${peaks.length} kernels are activated somewhere.`,
        shown: { activations: Float32Array.from(activations), neuron: order[0], maps: planesOf(tensors[rectifier.name]), range: rectifier.display_range[1] },
      };
    },

    /** Many products, few weights. @param {Digit} digit */
    async 7(digit) {
      const [{ layers }, { convolution: { prediction } }, { kernels: weights, biases }] = await Promise.all([costs(), comparison(digit), kernels()]);
      // Without a prediction there is no class to compute the loss for; any one will do.
      const { response: { label, models: [{ layers: [layer] }] }, tensors } = await postGradients([convolution.id], digit, prediction ? null : 0, { weights: true });
      const gradients = planesOf4(tensors[`${convolution.id}/${layer.name}/weight`]);
      const peaks = gradients.map(({ data }) => Math.max(...data.map(Math.abs)));
      const filter = peaks.indexOf(Math.max(...peaks));
      const uses = (layer.products / weights.data.length).toLocaleString("en");
      return {
        number: weights.data.length,
        short: `${weights.data.length} weights, ${uses} uses each`,
        sentence: `${weights.data.length} weights, each used ${uses} times, and ${biases.data.length} biases.`,
        shown: { label, filter, products: layer.products, uses, delta: planesOf(tensors[`${convolution.id}/${layer.name}`])[filter], gradient: gradients[filter], costs: layers.filter(({ id }) => id !== "perceptron") },
      };
    },
  };
}

/** @typedef {ReturnType<typeof createMeasurements>} Measurements */

/**
 * The size of a layer, as the operation of layer costs wants it.
 * @param {import("../types.js").LayerDescription} layer
 */
function geometryOf({ kernel_size: size, stride, padding, output_shape: [filters] }) {
  return { kernelSize: size?.[0] ?? 1, stride: stride?.[0] ?? 1, padding: padding?.[0] ?? 0, filters };
}

/** @param {import("../types.js").NeuronArithmetic} arithmetic  @returns {Omit<NeuronSum, "row" | "column">} */
function sumOf({ patch, kernel, products, bias, pre_activation: preActivation, activation }) {
  return { patch: planeOfRows(patch[0]), kernel: planeOfRows(kernel[0]), products: planeOfRows(products[0]), sum: preActivation - bias, bias, activation };
}

/** @param {Tensor} tensor  [F, 1, kH, kW] */
function planesOf4({ shape: [filters, , height, width], data }) {
  return planesOf({ shape: [filters, height, width], data });
}

/** @template T @param {() => Promise<T>} request */
function once(request) {
  /** @type {Promise<T> | null} */
  let known = null;
  return () => (known ??= forget(request(), () => (known = null)));
}

/** @template T @param {(digit: Digit) => Promise<T>} request */
function perDigit(request) {
  /** @type {WeakMap<Digit, Promise<T>>} */
  const known = new WeakMap();
  return (/** @type {Digit} */ digit) => {
    const response = known.get(digit) ?? forget(request(digit), () => known.delete(digit));
    known.set(digit, response);
    return response;
  };
}

/** After an error, request again the next time. @template T @param {Promise<T>} response @param {() => void} act */
function forget(response, act) {
  response.catch(act);
  return response;
}
