// @ts-check
// The parts of the editor that show kernels and maps, and the kernel that is painted on.
/** @import { Tensor } from "../types.js" */
/** @import { Activations } from "../api/activations.js" */
/** @import { EditorStore } from "./controls.js" */
/** @import { EditableLayer } from "./editable-layers.js" */
import { requestKernels } from "../api/kernels.js";
import { persist } from "../api/reachability.js";
import { find, setText } from "../dom/find.js";
import { largestAbsolute } from "../draw/largest.js";
import { createLegend } from "../network/legend.js";
import { createPredictionBars } from "../network/prediction-bars.js";
import { showControls } from "./controls.js";
import { mappedLayers } from "./editable-layers.js";
import { targetOf } from "./editor-state.js";
import { kernelOf } from "./kernel-edits.js";
import { createKernelList } from "./kernel-list.js";
import { createKernelPad } from "./kernel-pad.js";
import { normToMatch, presetKernel } from "./kernel-presets.js";
import { createLayerMaps } from "./layer-maps.js";
import { createMapPair } from "./map-pair.js";
import { describePredictions } from "./sentences.js";

/**
 * @param {ReturnType<typeof import("../shell/digit-page.js").openDigitPage>} page
 * @param {EditableLayer[]} layers
 * @param {EditorStore} store
 */
export function createEditorView({ announce, colors, fail, signal, data: { model } }, layers, store) {
  const root = find(document, ".editor", HTMLElement);
  const legends = find(document, "#kernel-legends", HTMLElement);
  const brush = find(document, "#brush", HTMLInputElement);
  const angle = find(document, "#gabor", HTMLInputElement);
  const bars = createPredictionBars(find(document, "#prediction", HTMLElement));
  const weightsLegend = createLegend(legends, "weights");
  const mapPair = createMapPair(legends, (position) => {
    if (!store.getState().shared) store.dispatch({ type: "positionChosen", position });
  }, signal);
  const paintList = createKernelList(find(document, "#editor-kernels", HTMLElement), (filter) => store.dispatch({ type: "filterChosen", filter }), signal);
  const paintLayerMaps = createLayerMaps(find(document, "#sheets", HTMLElement), mappedLayers(model));
  const pad = createKernelPad(find(document, "#paint", HTMLElement), {
    signal,
    announce,
    brush: () => brush.valueAsNumber * rangeOfWeights(),
    paint(cell, weight, continues) {
      const weights = channelOf(store.getState().channel)?.slice();
      if (!weights) return;
      weights[cell] = weight;
      changeChannel(weights, continues);
    },
  });
  /** As learned, by layer. @type {Map<string, Tensor>} */
  const kernels = new Map();
  /** @type {{learned: Activations, edited: Activations} | null} */
  let maps = null;

  const layer = () => layers.find(({ name }) => name === store.getState().layer) ?? layers[0];

  /** The largest learned weight of the layer: the end of its scale, whatever is painted. */
  function rangeOfWeights() {
    return largestAbsolute(kernels.get(layer().name)?.data ?? []) || 1;
  }

  /** The chosen kernel as it is now, all channels; null until it is here. */
  function currentKernel() {
    const state = store.getState();
    const learned = kernels.get(state.layer);
    return learned ? kernelOf(state.edits.present, targetOf(state), learned) : null;
  }

  /** @param {number} channel */
  function channelOf(channel) {
    const [, rows, columns] = layer().kernelShape;
    return currentKernel()?.subarray(channel * rows * columns, (channel + 1) * rows * columns) ?? null;
  }

  /** @param {Float32Array} weights  Of the chosen channel. @param {boolean} continues */
  function changeChannel(weights, continues) {
    const kernel = currentKernel()?.slice();
    if (!kernel) return;
    kernel.set(weights, store.getState().channel * weights.length);
    store.dispatch({ type: "kernelChanged", kernel, continues });
  }

  function paintKernels() {
    const state = store.getState();
    const learned = kernels.get(state.layer);
    const weights = channelOf(state.channel);
    if (!learned || !weights) return;
    const range = rangeOfWeights();
    const [channels, rows, columns] = layer().kernelShape;
    const clips = state.edits.present.some((edit) => edit.layer === state.layer && edit.kernel && largestAbsolute(edit.kernel) > range);
    weightsLegend.update([-range, range], colors().diverging, clips);
    paintList(state, layer(), learned, range, colors());
    const label = `Weights of kernel ${state.filter}${channels > 1 ? `, input map ${state.channel}` : ""}`;
    pad.update(label, weights, [rows, columns], range, colors());
  }

  return {
    /** Request the learned kernels of the chosen layer, once. */
    async fetchKernels() {
      const { name } = layer();
      if (!kernels.has(name)) kernels.set(name, (await persist(() => requestKernels(model.id, name, { dtype: "float32" }), fail)).kernels);
    },
    /** @param {{learned: Activations, edited: Activations}} newest */
    showMaps(newest) {
      maps = newest;
    },
    /** Replace the chosen channel. @param {string} preset */
    load(preset) {
      const { filter, channel } = store.getState();
      const learned = kernels.get(layer().name);
      if (!learned) return;
      const [, rows, columns] = layer().kernelShape;
      changeChannel(presetKernel(preset, [rows, columns], angle.valueAsNumber, normToMatch(learned, filter, channel)), false);
    },
    paint() {
      const state = store.getState();
      paintKernels();
      showControls(state, layer(), rangeOfWeights());
      if (!maps) return;
      root.dataset.changed = String(mapPair.paint(state, layer(), maps, colors()));
      root.dataset.edits = String(state.edits.present.length);
      paintLayerMaps(maps, state.shown, colors());
      bars.update(maps.edited.prediction, maps.edited.tensors.probabilities.data);
      setText(find(document, "#prediction-sentence", HTMLElement), describePredictions(maps.learned.prediction, maps.edited.prediction));
    },
  };
}
