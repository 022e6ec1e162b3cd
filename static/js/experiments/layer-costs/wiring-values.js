// @ts-check
// Maps and weights of the trained networks that the drawing shows: requested when needed, and kept.
/** @import { Connection, Digit, ExperimentContext, Neuron, Plane } from "../../types.js" */
/** @import { Choice } from "./wiring.js" */
import { requestActivations } from "../../api/activations.js";
import { createDigitChannel } from "../../api/digit-channel.js";
import { requestNeuronKernel } from "../../api/neuron.js";
import { planesOf } from "../../network/selectors.js";
import { keyOf, missingNeurons } from "./wiring.js";

/**
 * @param {Pick<ExperimentContext, "compared" | "fail">} context
 * @param {() => void} onChange  Values have arrived.
 */
export function createWiringValues({ compared, fail }, onChange) {
  /** Weights by `keyOf`. @type {Map<string, Plane>} */
  const kernels = new Map();
  /** A layer's maps for the newest digit. @type {Map<Connection, {digit: Digit, planes: Plane[]}>} */
  const maps = new Map();

  const mapRequests = createDigitChannel(
    /** @param {{connection: Connection, digit: Digit}} request */
    async ({ connection, digit }) => {
      const { id, model: { layers: [, { name }] } } = compared[connection];
      const { tensors } = await requestActivations(id, digit, { layers: [name] });
      return { connection, digit, planes: planesOf(tensors[name]) };
    },
    {
      onResponse({ connection, digit, planes }) {
        maps.set(connection, { digit, planes });
        onChange();
      },
      onFailure: fail,
    },
  );
  const kernelRequests = createDigitChannel(
    /** @param {{connection: Connection, neurons: Omit<Neuron, "layer">[]}} request */
    async ({ connection, neurons }) => {
      const { id, model: { layers: [{ name: layer }] } } = compared[connection];
      return Promise.all(neurons.map(async (neuron) => {
        const [rows] = await requestNeuronKernel(id, { layer, ...neuron });
        const kernel = { width: rows[0].length, height: rows.length, data: Float32Array.from(rows.flat()) };
        return /** @type {[string, Plane]} */ ([keyOf(connection, neuron), kernel]);
      }));
    },
    {
      onResponse(found) {
        for (const [key, kernel] of found) kernels.set(key, kernel);
        onChange();
      },
      onFailure: fail,
    },
  );

  return {
    /** @type {ReadonlyMap<string, Plane>} */
    kernels,

    /** The newest maps of the layer after the connection. @param {Connection} connection */
    mapsOf: (connection) => maps.get(connection)?.planes ?? null,

    /** @param {Connection} connection  @param {Digit} digit */
    requestMaps(connection, digit) {
      if (maps.get(connection)?.digit !== digit) mapRequests.send({ connection, digit });
    },

    /** Request the weights of the drawn neurons that are not known. @param {Choice} choice */
    requestKernels(choice) {
      const neurons = missingNeurons(choice, kernels);
      if (neurons.length) kernelRequests.send({ connection: choice.connection, neurons });
    },
  };
}
