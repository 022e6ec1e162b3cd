// @ts-check
/** @import { Action, Neuron, State } from "../types.js" */

/**
 * The neuron that the lens shows: the pinned one, which is in the store, or else the one under the pointer or the keyboard.
 * @param {{getState: () => Pick<State, "neuron">, dispatch: (action: Action) => void}} store
 * @param {(before: Neuron | null, neuron: Neuron) => void} onPoint  Another neuron is shown, and none is pinned; listen
 *   to the store for pinned ones.
 */
export function createSelection(store, onPoint) {
  /** @type {Neuron | null} */
  let pointed = null;

  const current = () => store.getState().neuron ?? pointed;

  /** @param {Neuron} neuron */
  function pin(neuron) {
    pointed = neuron;
    store.dispatch({ type: "neuronPinned", neuron });
  }

  const unpin = () => store.dispatch({ type: "isolationEnded" });

  return {
    current,
    /** The pinned neuron, or null. */
    pinned: () => store.getState().neuron,
    /** The neuron that was pointed at last. */
    pointed: () => pointed,

    /** @param {Neuron} neuron */
    point(neuron) {
      const before = current();
      pointed = neuron;
      if (!store.getState().neuron) onPoint(before, neuron);
    },

    pin,
    unpin,
    /** Pin the neuron pointed at, or unpin the pinned one. */
    togglePin() {
      if (store.getState().neuron) unpin();
      else if (pointed) pin(pointed);
    },

    /** The pointer has left the maps; a pinned neuron stays pinned. */
    leave() {
      pointed = null;
    },
  };
}

/** @typedef {ReturnType<typeof createSelection>} Selection */
