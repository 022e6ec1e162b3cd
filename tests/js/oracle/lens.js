// @ts-check
// What the modules of the lens compute for real digits and layers. tests/app/test_lens_modules.py runs this script, and compares
// the results with the API and with the model. It reads one JSON object from standard input and writes one to standard output.
/** @import { LayerDescription, ModelDescription, Weights } from "../../../static/js/types.js" */
import { readFileSync } from "node:fs";

/** @typedef {{layer: string, filter: number, row: number, column: number}} Neuron */

/**
 * @type {{server: string, model: ModelDescription, digits: {sample: number, neurons: Neuron[]}[],
 *   fields: {later: number, row: number, column: number}[], maps: {layer: string, filter: number}[]}}
 */
const { server, model, digits = [], fields = [], maps = [] } = JSON.parse(readFileSync(0, "utf8"));

// The page's modules read the root path from the document; here the root is the server itself.
Object.assign(globalThis, { document: { documentElement: { dataset: { root: server } } } });
const { requestActivations } = await import("../../../static/js/api/activations.js");
const { requestKernels } = await import("../../../static/js/api/kernels.js");
const { insideOf, patchSpan } = await import("../../../static/js/draw/grid-geometry.js");
const { writeOut } = await import("../../../static/js/lens/write-out.js");
const { contributionMaps } = await import("../../../static/js/lens/contribution-maps.js");
const { fieldIn } = await import("../../../static/js/lens/field-view.js");
const { sourcesFrom } = await import("../../../static/js/lens/sources.js");
const { sectionsOf } = await import("../../../static/js/network/selectors.js");

const { layers } = model;
const sections = sectionsOf(model);
const [inputRows, inputColumns] = layers[0].input_shape.slice(1);
/** @type {Record<string, Weights>} */
const weights = {};
if (digits.length || maps.length) {
  for (const { name, parameters } of layers) if (parameters) weights[name] = await requestKernels(model.id, name, { dtype: "float32" });
}

/** @param {number} index */
async function activationsOf(index) {
  return (await requestActivations(model.id, { kind: "sample", index }, { layers: layers.map(({ name }) => name), dtype: "float32" })).tensors;
}

/** @param {{sample: number, neurons: Neuron[]}} digit */
async function arithmeticOf({ sample, neurons }) {
  const tensors = await activationsOf(sample);
  return neurons.map((neuron) => {
    const section = sections.find(({ layer }) => layer.name === neuron.layer);
    if (!section) throw new Error(`no section of ${neuron.layer}`);
    const before = layers[layers.indexOf(section.layer) - 1];
    const sources = sourcesFrom(section, before, tensors, weights[neuron.layer] ?? null);
    const { patch, products, sums, bias, winner, computed, stored, span, after } = writeOut(
      section.layer, sources, neuron, patchSpan(section.layer, neuron));
    return { patch: [...patch], products: products && [...products], sums: sums && [...sums], bias, winner, computed, stored, span, after };
  });
}

/** The fields of a neuron in every earlier layer. @param {{later: number, row: number, column: number}} neuron */
function fieldsOf({ later, row, column }) {
  return layers.slice(0, later).map((earlier) => {
    const [rows, columns] = earlier.output_shape.slice(1);
    return insideOf(fieldIn(layers[later], { row, column }, earlier, [rows, columns]), rows, columns);
  });
}

/** The fields of all neurons of a layer in the input. @param {LayerDescription} layer */
function inputFieldsOf(layer) {
  const [, rows, columns] = layer.output_shape;
  return Array.from({ length: rows * columns }, (_, cell) => {
    const position = { row: Math.floor(cell / columns), column: cell % columns };
    return insideOf(fieldIn(layer, position, null, [inputRows, inputColumns]), inputRows, inputColumns);
  });
}

/** The contributions of all input channels and the bias, added up. @param {{layer: string, filter: number}} map */
async function summedMap({ layer: name, filter }) {
  const tensors = await activationsOf(0);
  const index = layers.findIndex((layer) => layer.name === name);
  const { shape: [channels, rows, columns], data } = contributionMaps(
    layers[index], tensors[layers[index - 1]?.name ?? "input"], weights[name].kernels, filter);
  return Array.from({ length: rows * columns }, (_, cell) => {
    let sum = weights[name].biases.data[filter];
    for (let channel = 0; channel < channels; channel += 1) sum += data[channel * rows * columns + cell];
    return sum;
  });
}

process.stdout.write(JSON.stringify({
  digits: await Promise.all(digits.map(arithmeticOf)),
  inputFields: fields.length ? layers.map(inputFieldsOf) : [],
  fields: fields.map(fieldsOf),
  maps: await Promise.all(maps.map(summedMap)),
}));
