// @ts-check
// The single-precision values received so far: maps of one digit, weights of layers. Does not know the server.
/** @import { Digit, Tensor, Weights } from "../types.js" */

const KEPT_WEIGHTS = 12; // Layers at training steps; more than the lens shows for one digit.

/** A layer's input and output maps, by name of the layer that computed them. @typedef {Record<string, Tensor>} LayerValues */

export function createKnownValues() {
  /** @type {Digit | null} */
  let digit = null;
  /** The training step; null for the finished network. @type {number | null} */
  let step = null;
  /** @type {Map<string, LayerValues>} */
  const layers = new Map();
  /** By step and layer, the most recently used last. @type {Map<string, Weights>} */
  const weights = new Map();

  return {
    /** The training step that the maps belong to; null for the finished network. */
    step: () => step,

    /**
     * Maps of another digit or step replace all that are known.
     * @param {{digit: Digit, step: number | null, layer: string}} of
     * @param {LayerValues} values
     */
    keepMaps(of, values) {
      if (digit !== of.digit || step !== of.step) layers.clear();
      digit = of.digit;
      step = of.step;
      layers.set(of.layer, values);
    },

    /** @param {string} layer */
    mapsFor: (layer) => layers.get(layer) ?? null,

    /** @param {{digit: Digit, step: number | null, layer: string}} of */
    hasMaps: (of) => digit === of.digit && step === of.step && layers.has(of.layer),

    /** @param {string} layer  @param {number | null} at  @param {Weights} learned */
    keepWeights(layer, at, learned) {
      const key = `${at}/${layer}`;
      weights.delete(key);
      weights.set(key, learned);
      if (weights.size > KEPT_WEIGHTS) weights.delete(/** @type {string} */ (weights.keys().next().value));
    },

    /** @param {string} layer  @param {number | null} at */
    weightsAt: (layer, at) => weights.get(`${at}/${layer}`) ?? null,
  };
}
