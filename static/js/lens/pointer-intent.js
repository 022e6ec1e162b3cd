// @ts-check
// Whether a pointer is on its way to the lens, so that the maps it crosses are not meant. Knows no elements.

const HURRY = 0.4; // CSS pixels per millisecond.

/** Of a pointer: where and when, and which map is under it. @typedef {{x: number, y: number, time: number, isOtherMap: boolean}} Move */

export function createPointerIntent() {
  /** @type {Move | null} */
  let last = null;

  return {
    /**
     * A pointer that rises or falls to the panel and hurries, or comes to another map, is on its way to it.
     * @param {Move} move
     * @param {"top" | "bottom" | null} side  Of the panel; null while it is closed.
     */
    isLeaving(move, side) {
      const from = last;
      last = move;
      if (!from || side === null) return false;
      const toward = side === "top" ? from.y - move.y : move.y - from.y;
      return toward > Math.abs(move.x - from.x) && (move.isOtherMap || toward > HURRY * (move.time - from.time));
    },
  };
}
