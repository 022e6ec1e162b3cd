// @ts-check
// What the lens gives away: tables of numbers in a dialog, and files.
/** @import { Bench, Neuron } from "../types.js" */
/** @import { Section } from "../network/selectors.js" */
/** @import { Values } from "./values.js" */
import { requestActivations } from "../api/activations.js";
import { downloadActivations, downloadKernels } from "../api/downloads.js";
import { patchSpan } from "../draw/grid-geometry.js";
import { isDark } from "../draw/color-scale.js";
import { planesOf, shownLayer } from "../network/selectors.js";
import { writeOut } from "./write-out.js";
import { nameOf } from "./neurons.js";
import { createNumberDialog } from "./number-dialog.js";
import { stepShown } from "./sources.js";
import { fileName, tableOfMap, tableOfProducts } from "./tables.js";

/**
 * @param {Bench} bench
 * @param {Values} values
 * @param {() => {neuron: Neuron, section: Section} | null} current  What the lens shows.
 */
export function createExport({ model, store, fail, signal }, values, current) {
  const numbers = createNumberDialog(signal);
  document.body.append(numbers.root);

  /** @param {Section} section */
  const shown = (section) => shownLayer(section, store.getState().rectified);

  /** The table of every product, once the network's own values are here. */
  function showAllDecimals() {
    const inspected = current();
    if (!inspected) return;
    const { neuron, section: { layer } } = inspected;
    const found = values.sourcesOf(inspected.section);
    if (!found?.isExact) return;
    const arithmetic = writeOut(layer, found.sources, neuron, patchSpan(layer, neuron));
    const table = tableOfProducts(nameOf(neuron), values.layerBefore(layer)?.name ?? "input", arithmetic, layer.dilation);
    if (table) numbers.open(table);
  }

  /** The table of the whole map. */
  async function showValues() {
    const inspected = current();
    if (!inspected) return;
    const { neuron: { filter }, section } = inspected;
    const { name } = shown(section);
    const { digit, training } = store.getState();
    const step = stepShown(training);
    try {
      const { tensors } = await requestActivations(model.id, digit, { layers: [name], dtype: "float32", checkpoint: step });
      numbers.open(tableOfMap(name, filter, step, planesOf(tensors[name])[filter]));
    } catch (error) {
      fail(error);
    }
  }

  /** @param {"map" | "layer" | "kernels"} what  @param {"png" | "safetensors" | "npz"} format */
  async function save(what, format) {
    const inspected = current();
    if (!inspected) return;
    const { neuron, section } = inspected;
    const { digit, training } = store.getState();
    const step = stepShown(training);
    const layer = what === "kernels" ? section.layer.name : shown(section).name;
    const filter = what === "map" ? neuron.filter : null;
    const download = { layer, filter, format, theme: isDark() ? "dark" : "light", checkpoint: step };
    try {
      const file = await (what === "kernels" ? downloadKernels(model.id, download) : downloadActivations(model.id, digit, download));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = fileName({ model: model.id, step, layer, filter, what, format });
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      fail(error);
    }
  }

  async function showCode() {
    const inspected = current();
    if (!inspected) return;
    const { neuron: { filter, row, column }, section } = inspected;
    const { digit, training } = store.getState();
    const layer = shown(section).name;
    const shownDigit = { digit, query: { checkpoint: stepShown(training) } };
    try {
      const { openCode } = await import("../code/code-dialog.js");
      await openCode([
        { of: "neuron", shown: { ...shownDigit, fields: { layer, filter, row, column } } },
        { of: "feature-maps", shown: { ...shownDigit, fields: { layer, filter } } },
        { of: "prediction", shown: shownDigit },
      ], model.id, fail);
    } catch (error) {
      fail(error);
    }
  }

  return { showAllDecimals, showValues, showCode, save };
}
