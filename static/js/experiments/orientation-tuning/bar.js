// @ts-check
/** @import { Bar, Plane } from "../../types.js" */

export const BAR_SIZE = 28; // Pixels along each side of what is drawn.

/**
 * A bar of light, or a grating, as the server draws it for its tuning curves (model/experiments/orientation_tuning.py); drawn here
 * too, so that it follows the pointer. A test compares the pixels of both.
 * @param {Bar} bar
 * @param {number} angle  Degrees, counterclockwise; 0 lies, 90 stands.
 * @returns {Plane} 28×28, 0–1.
 */
export function drawBar({ length, width, row, column, grating, dark }, angle) {
  const turn = (angle * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  const data = new Float32Array(BAR_SIZE * BAR_SIZE);
  for (let i = 0; i < data.length; i += 1) {
    const x = (i % BAR_SIZE) + 0.5 - column;
    const y = row - Math.floor(i / BAR_SIZE) - 0.5; // y up, as angles are counted
    const across = y * cosine - x * sine;
    const ink = grating
      ? 0.5 + 0.5 * Math.cos((Math.PI * across) / width)
      : cover(x * cosine + y * sine, length) * cover(across, width);
    data[i] = dark ? 1 - ink : ink;
  }
  return { width: BAR_SIZE, height: BAR_SIZE, data };
}

/** How much of a pixel lies within half an extent of the middle, seen along one axis. @param {number} offset  @param {number} extent */
function cover(offset, extent) {
  return Math.min(1, extent, Math.max(0, extent / 2 - Math.abs(offset) + 0.5));
}
