// @ts-check
// What the editor requests: maps with the learned and with the edited kernels, and the accuracy when edits pause.
/** @import { Digit, EditedAccuracy, KernelEdit } from "../types.js" */
/** @import { Activations } from "../api/activations.js" */
/** @import { EditableLayer } from "./editable-layers.js" */
import { createDigitChannel } from "../api/digit-channel.js";
import { bodyOfEdits } from "./kernel-edits.js";

/** Maps of a digit with these edits, as the API has them; without edits, with the learned kernels. @typedef {(digit: Digit, body: object[]) => Promise<Activations>} RequestMaps */

/**
 * @param {EditableLayer[]} layers
 * @param {RequestMaps} requestMaps
 * @returns {(digit: Digit, edits: KernelEdit[]) => Promise<{learned: Activations, edited: Activations}>}
 */
export function createComparison(layers, requestMaps) {
  /** @type {{digit: Digit, unshared: string, maps: Activations} | null} */
  let known = null;

  /**
   * With the learned kernels. The weights of layers with an edit of one position are unshared here, too: sums are then taken in
   * the same order, and every value that differs was edited.
   * @param {Digit} digit
   * @param {KernelEdit[]} edits
   */
  async function requestLearned(digit, edits) {
    const unchanged = edits.flatMap(({ layer, filter, position }) => (position ? [{ layer, filter, ...position }] : []));
    const unshared = [...new Set(unchanged.map(({ layer }) => layer))].join();
    if (known?.digit === digit && known.unshared === unshared) return known.maps;
    const maps = await requestMaps(digit, unchanged);
    known = { digit, unshared, maps };
    return maps;
  }

  return async (digit, edits) => {
    const learned = await requestLearned(digit, edits);
    return { learned, edited: edits.length ? await requestMaps(digit, bodyOfEdits(edits, layers)) : learned };
  };
}

const PAUSE = 600; // Milliseconds without an edit before a thousand digits are classified.

/**
 * Measure the accuracy when edits pause; of several edits, only the newest.
 * @param {(edits: KernelEdit[]) => Promise<EditedAccuracy>} measure
 * @param {{onMeasured: (accuracy: EditedAccuracy) => void, onFailure: (error: unknown) => void}} listener
 */
export function createAccuracyMeter(measure, { onMeasured, onFailure }) {
  /** @type {KernelEdit[] | null} */
  let newest = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const channel = createDigitChannel(
    /** @param {KernelEdit[]} edits */
    async (edits) => ({ edits, accuracy: await measure(edits) }),
    {
      onResponse({ edits, accuracy }) {
        if (edits === newest) onMeasured(accuracy);
      },
      onFailure,
    },
  );
  return {
    /** @param {KernelEdit[]} edits */
    measureSoon(edits) {
      newest = edits;
      clearTimeout(timer);
      timer = setTimeout(() => channel.send(edits), PAUSE);
    },
  };
}
