// @ts-check

/**
 * Keep a state that only actions change, and call the listeners after each change.
 * @template S, A
 * @param {(state: S, action: A) => S} reduce
 * @param {S} initial
 */
export function createStore(reduce, initial) {
  let state = initial;
  /** @type {Set<(state: S, previous: S) => void>} */
  const listeners = new Set();
  return {
    getState: () => state,
    /** @param {A} action */
    dispatch(action) {
      const previous = state;
      state = reduce(previous, action);
      if (state !== previous) for (const listener of listeners) listener(state, previous);
    },
    /** @param {(state: S, previous: S) => void} listener */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
