// @ts-check
// Maps and kernels of the network at its checkpoints: requested once, those of the neighboring steps in advance.
/** @import { ActivationsResponse, Digit, Tensor, TrainingView } from "../types.js" */
import { largestAbsolute } from "../draw/largest.js";
import { differencesOf } from "../network/tensors.js";
import { createCheckpointStore } from "./checkpoint-store.js";
import { neighborsOf, stepsOf } from "./steps.js";

const RESTED = 150; // Milliseconds without a new digit before neighboring steps are requested.

/**
 * @typedef {object} CheckpointRequests
 * @property {(digit: Digit, layers: string[], step: number, signal?: AbortSignal) => Promise<ActivationsResponse>} maps
 * @property {(layer: string, step: number, signal?: AbortSignal) => Promise<Tensor>} kernels
 */

/**
 * @param {CheckpointRequests} requests
 * @param {number[]} steps  Of the checkpoints, ascending.
 * @param {() => Iterable<string>} layersNear  Layers whose kernels are on the screen or near it.
 * @param {() => boolean} isShared  Whether the kernels of all steps have one range of colors, the finished network's.
 */
export function createCheckpointLoader(requests, steps, layersNear, isShared) {
  const last = steps[steps.length - 1];
  const known = createCheckpointStore();
  /** The largest weight of each layer's finished kernels. @type {Map<string, number>} */
  const ranges = new Map();
  /** Aborts requests in advance. */
  let ahead = new AbortController();
  /** @type {{digit: Digit, step: number, done: Promise<unknown>} | null} */
  let fetching = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let rest;
  /** @type {Digit | null} */
  let latest = null;
  /** @type {1 | -1} */
  let heading = -1;

  /** @param {Digit} digit  @param {string[]} layers  @param {number} step  @param {AbortSignal} [signal] */
  async function loadMaps(digit, layers, step, signal) {
    const response = known.mapsAt(digit, step);
    const missing = layers.filter((name) => !response?.tensors[name]);
    if (response && !missing.length) return known.keepMaps(step, response);
    return known.keepMaps(step, await requests.maps(digit, missing, step, signal));
  }

  /** Kernels of the layers near the screen. @param {number} step  @param {AbortSignal} [signal] */
  async function loadKernels(step, signal) {
    // The last checkpoint's kernels are the finished ones, rounded; the color scale of all steps is theirs.
    const wanted = [...layersNear()].flatMap((layer) => [{ layer, at: step }, ...(ranges.has(layer) ? [] : [{ layer, at: last }])]);
    await Promise.all(wanted.map(async ({ layer, at }) => {
      const tensor = known.kernelsAt(layer, at) ?? (await requests.kernels(layer, at, signal));
      known.keepKernels(layer, at, tensor);
      if (at === last) ranges.set(layer, largestAbsolute(tensor.data));
    }));
  }

  /**
   * Load maps and kernels together, so that they are shown together.
   * @param {Digit} digit
   * @param {string[]} layers
   * @param {number} step
   * @param {AbortSignal} [signal]
   */
  async function load(digit, layers, step, signal) {
    const [response] = await Promise.all([loadMaps(digit, layers, step, signal), loadKernels(step, signal)]);
    return response;
  }

  /** @param {Digit} digit  @param {string[]} layers  @param {number} step  @param {AbortSignal} signal */
  async function fetchAhead(digit, layers, step, signal) {
    try {
      for (const neighbor of neighborsOf(steps, step, heading)) {
        if (signal.aborted) return;
        fetching = { digit, step: neighbor, done: load(digit, layers, neighbor, signal) };
        await fetching.done;
      }
    } catch {
      // The page does not need it yet; if it does, the next request reports the error.
    }
    fetching = null;
  }

  function stopFetchingAhead() {
    clearTimeout(rest);
    ahead.abort();
  }

  return {
    kernelsAt: known.kernelsAt,
    /** The largest weight of a layer's finished kernels, once known. @param {string} layer */
    rangeOf: (layer) => ranges.get(layer),
    loadKernels,
    stopFetchingAhead,
    /** @param {1 | -1} direction  In which the slider moves: that neighbor is fetched first. */
    head(direction) {
      heading = direction;
    },

    /**
     * The maps of a view. This aborts requests in advance.
     * @param {Digit} digit
     * @param {string[]} layers
     * @param {TrainingView} view
     * @param {number} sequence
     * @returns {Promise<ActivationsResponse>}
     */
    async loadView(digit, layers, view, sequence) {
      clearTimeout(rest);
      const { own, other } = stepsOf(view);
      const nearlyHere = fetching?.digit === digit && (fetching.step === own || fetching.step === other);
      if (nearlyHere) await fetching?.done.catch(() => {});
      stopFetchingAhead();
      ahead = new AbortController();
      const { signal } = ahead;
      const [response, against] = await Promise.all([
        load(digit, layers, own), other === null ? null : load(digit, layers, other),
      ]);
      // Other layers may have come near the screen meanwhile.
      for (const step of [own, other]) if (step !== null) await loadKernels(step);
      const rests = latest === digit;
      latest = digit;
      if (!signal.aborted) rest = setTimeout(() => fetchAhead(digit, layers, view.step, signal), rests ? 0 : RESTED);
      return withTraining({ ...response, sequence }, view, own, against);
    },
  };

  /** @param {ActivationsResponse} response  @param {TrainingView} view  @param {number} step  @param {ActivationsResponse | null} against  @returns {ActivationsResponse} */
  function withTraining(response, view, step, against) {
    const shown = against ? { ...response, compared: true, tensors: differencesOf(response.tensors, against.tensors) } : response;
    const training = {
      view, step, shown,
      kernelsOf: /** @param {string} layer */ (layer) => known.kernelsAt(layer, step),
      rangeOf: /** @param {string} layer */ (layer) =>
        (isShared() ? ranges.get(layer) : largestAbsolute(known.kernelsAt(layer, step)?.data ?? [])) || NaN,
    };
    shown.training = training;
    return { ...response, training };
  }
}

/** @typedef {ReturnType<typeof createCheckpointLoader>} CheckpointLoader */
