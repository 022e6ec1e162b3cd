// @ts-check
// The values that the lens shows: requested in single precision, and the page's rounded ones until those arrive.
/** @import { Bench, Digit, LayerDescription, Neuron, Plane, Sources, Tensor } from "../types.js" */
/** @import { Section } from "../network/selectors.js" */
import { requestActivations } from "../api/activations.js";
import { createDigitChannel } from "../api/digit-channel.js";
import { requestKernels } from "../api/kernels.js";
import { patchSpan } from "../draw/grid-geometry.js";
import { planesOf } from "../network/selectors.js";
import { rectify } from "../network/tensors.js";
import { RELU, isEmptyPatch } from "./arithmetic.js";
import { createContributionMaps } from "./contribution-maps.js";
import { createKnownValues } from "./known-values.js";
import { sourcesFrom, stepShown, withoutBiases } from "./sources.js";

/** `step`: of training; null for the finished network. @typedef {{digit: Digit, step: number | null, layer: string}} Wanted */

/**
 * @param {Bench} bench
 * @param {() => void} onChange  Values have arrived.
 */
export function createValues(bench, onChange) {
  const { model, store, sections } = bench;
  const known = createKnownValues();
  /** @type {Wanted | null} */
  let requested = null;

  const channel = createDigitChannel(
    /** @param {Wanted} wanted */
    async (wanted) => {
      const layer = layerNamed(wanted.layer);
      const { after } = sectionOf(wanted.layer);
      const computed = after?.function && after.function !== RELU ? after.name : undefined;
      const layers = [layerBefore(layer)?.name, layer.name, computed].filter((name) => name !== undefined);
      const [{ tensors }] = await Promise.all([
        requestActivations(model.id, wanted.digit, { layers, dtype: "float32", checkpoint: wanted.step }),
        loadWeights(layer, wanted.step),
      ]);
      return { wanted, tensors };
    },
    {
      onResponse({ wanted, tensors }) {
        known.keepMaps(wanted, tensors);
        onChange();
      },
      onFailure(error) {
        requested = null;
        bench.fail(error);
      },
    },
  );

  /** @param {LayerDescription} layer  @param {number | null} step */
  async function loadWeights({ name, parameters }, step) {
    if (!parameters) return;
    const weights = known.weightsAt(name, step) ?? (await requestKernels(model.id, name, { dtype: "float32", checkpoint: step }));
    known.keepWeights(name, step, weights);
  }

  /** @param {string} name */
  const sectionOf = (name) => /** @type {Section} */ (sections.find(({ layer }) => layer.name === name));
  /** @param {string} name */
  const layerNamed = (name) => sectionOf(name).layer;

  /** @param {LayerDescription} layer  @returns {LayerDescription | undefined} Undefined if it reads the input. */
  function layerBefore(layer) {
    return model.layers[model.layers.indexOf(layer) - 1];
  }

  /** Kernels that the page shows, in half precision. @param {string} layer */
  function kernelsShown(layer) {
    const training = store.getState().response?.training;
    return training ? training.kernelsOf(layer) : bench.kernelsOf(layer);
  }

  /**
   * The network's values in single precision if they have arrived, else the page's rounded values, which are good enough for
   * colors but not for numbers.
   * @param {Section} section
   * @returns {{sources: Sources, isExact: boolean} | null}
   */
  function sourcesOf(section) {
    const { layer } = section;
    const before = layerBefore(layer);
    const own = known.mapsFor(layer.name);
    const learned = known.weightsAt(layer.name, known.step());
    if (own && (learned || !layer.parameters)) return { sources: sourcesFrom(section, before, own, learned), isExact: true };
    const { response } = store.getState();
    const kernels = kernelsShown(layer.name);
    if (!response?.tensors[before?.name ?? "input"] || (layer.parameters && !kernels)) return null;
    const biases = known.weightsAt(layer.name, response.training?.step ?? null)?.biases;
    const rough = kernels ? { ...withoutBiases(kernels), ...(biases && { biases }) } : null;
    return { sources: { ...sourcesFrom(section, before, response.tensors, rough), own: null }, isExact: false };
  }

  return {
    layerBefore,
    sourcesOf,

    /** Request a layer's values of the digit that is shown, unless they are known or already requested. @param {string} layer */
    request(layer) {
      const { digit, training } = store.getState();
      const wanted = { digit, step: stepShown(training), layer };
      const isSame = requested?.digit === digit && requested.step === wanted.step;
      if (isSame && (requested?.layer === layer || known.hasMaps(wanted))) return;
      requested = wanted;
      channel.send(wanted);
    },

    /** The training step of the known values. */
    step: () => known.step(),

    /** Whether a neuron's patch is empty. @param {Section} section  @param {Neuron} neuron */
    isBlank(section, neuron) {
      const found = sourcesOf(section);
      return found !== null && isEmptyPatch(section.layer, found.sources.reads, neuron.filter, patchSpan(section.layer, neuron));
    },

    contributionsOf: createContributionMaps(),

    /**
     * A filter's map as the page shows it.
     * @param {LayerDescription} layer
     * @param {LayerDescription} source  The function that follows, or the layer itself.
     * @param {number} filter
     * @returns {Plane | null}
     */
    mapOf(layer, source, filter) {
      const maps = known.mapsFor(layer.name);
      const own = maps?.[layer.name];
      const tensor = (own && (source === layer ? own : source.function === RELU ? rectify(own) : maps?.[source.name])) ?? store.getState().response?.tensors[source.name];
      return tensor ? planesOf(tensor)[filter] : null;
    },

    /** The finished network's kernels, in the best available precision. @param {string} layer */
    finishedKernels: (layer) => known.weightsAt(layer, null)?.kernels ?? bench.kernelsOf(layer),
  };
}

/** @typedef {ReturnType<typeof createValues>} Values */
