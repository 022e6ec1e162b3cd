// @ts-check
// Undo and redo for any value that a reducer changes.

/**
 * A value with what it was before and what was undone.
 * @template V
 * @typedef {{past: V[], present: V, future: V[]}} History  `past` is oldest first, `future` next first.
 */

export const UNDO_DEPTH = 200;

/**
 * @template V
 * @param {V} present
 * @returns {History<V>}
 */
export function startHistory(present) {
  return { past: [], present, future: [] };
}

/**
 * A reducer of a value with its history: `undone` and `redone` step through it; `reduce` handles every other action.
 * An action that returns the same value changes nothing.
 *
 * @template V
 * @template {{type: string}} A
 * @param {(present: V, action: A) => V} reduce
 * @param {(action: A) => boolean} [continues]  Whether an action belongs to the step before it, such as another point of
 *   a stroke: it is undone together with that step.
 * @returns {(history: History<V>, action: A) => History<V>}
 */
export function history(reduce, continues = () => false) {
  return (state, action) => {
    const { past, present, future } = state;
    if (action.type === "undone") {
      return past.length ? { past: past.slice(0, -1), present: past[past.length - 1], future: [present, ...future] } : state;
    }
    if (action.type === "redone") {
      return future.length ? { past: [...past, present], present: future[0], future: future.slice(1) } : state;
    }
    const next = reduce(present, action);
    if (next === present) return state;
    if (continues(action)) return { past, present: next, future };
    return { past: [...past.slice(1 - UNDO_DEPTH), present], present: next, future: [] };
  };
}
