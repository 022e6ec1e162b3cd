// @ts-check
// The values from which the first screen computes its sums, in single precision.
/** @import { Bench, Digit, LayerDescription, Sources, Tensor, Weights } from "../types.js" */
/** @import { Section } from "../network/selectors.js" */
import { requestActivations } from "../api/activations.js";
import { createDigitChannel } from "../api/digit-channel.js";
import { requestKernels } from "../api/kernels.js";
import { sourcesFrom, stepShown, withoutBiases } from "./sources.js";

/**
 * @param {Bench} bench
 * @param {Section} section
 * @param {boolean} computesSums  Whether the sums are computed from weights in single precision; otherwise they are the network's own.
 * @param {() => void} onChange  Values have arrived.
 */
export function createFirstSweepValues({ model, store, kernelsOf, weightsOf, fail }, section, computesSums, onChange) {
  const { layer } = section;
  /** @type {LayerDescription | undefined} */
  const before = model.layers[model.layers.indexOf(layer) - 1];
  // The digit as the network reads it comes with any layer; the last one is the smallest.
  const layers = [before?.name, computesSums ? model.layers[model.layers.length - 1].name : layer.name].filter((name) => name !== undefined);
  /** Of one digit and training step; null for the finished network. @type {{digit: Digit, step: number | null, tensors: Record<string, Tensor>} | null} */
  let known = null;
  /** The newest request. @type {{digit: Digit, step: number | null} | null} */
  let latest = null;
  /** By training step. @type {Map<number | null, Weights>} */
  const weights = new Map();

  const channel = createDigitChannel(
    /** @param {{digit: Digit, step: number | null}} wanted */
    async ({ digit, step }) => {
      const [{ tensors }, learned] = await Promise.all([
        requestActivations(model.id, digit, { layers, dtype: "float32", checkpoint: step }),
        computesSums && !weights.has(step) ? requestWeights(step) : null,
      ]);
      if (learned) weights.set(step, learned);
      return { digit, step, tensors };
    },
    {
      onResponse(response) {
        known = response;
        onChange();
      },
      onFailure(error) {
        latest = null;
        fail(error);
      },
    },
  );

  const wanted = () => ({ digit: store.getState().digit, step: stepShown(store.getState().training) });
  const isKnown = () => known?.digit === wanted().digit && known.step === wanted().step;

  /** @param {number | null} step  @returns {Promise<Weights>} */
  const requestWeights = (step) => (step === null ? weightsOf(layer.name) : requestKernels(model.id, layer.name, { dtype: "float32", checkpoint: step }));

  /** Of the page, without biases, if they are loaded. @returns {Weights | null} */
  function roughWeights() {
    const { training } = /** @type {NonNullable<ReturnType<typeof store.getState>["response"]>} */ (store.getState().response);
    const kernels = training ? training.kernelsOf(layer.name) : kernelsOf(layer.name);
    return kernels ? withoutBiases(kernels) : null;
  }

  return {
    /** Request the values of the digit that is shown, unless they are known or requested. */
    request() {
      const { digit, step } = wanted();
      if (latest?.digit === digit && latest.step === step) return;
      latest = { digit, step };
      channel.send(latest);
    },

    /**
     * The exact values of the digit that is shown, or until they arrive the page's rounded ones.
     * @returns {{sources: Sources, isExact: boolean, step: number | null} | null} `step`: of the weights; null for the finished network.
     */
    sources() {
      const { response } = store.getState();
      if (!response) return null;
      const isExact = isKnown() && response.digit === wanted().digit;
      const tensors = isExact ? known?.tensors : response.tensors;
      if (!tensors?.[before?.name ?? "input"]) return null;
      const { step } = wanted();
      const learned = weights.get(step);
      return {
        sources: { ...sourcesFrom(section, before, tensors, learned ?? roughWeights()), after: null },
        isExact,
        step: learned ? step : (response.training?.step ?? null),
      };
    },
  };
}
