// @ts-check
// Paints the digits of a map: as numerals where there is room, else as dots with one numeral for each class.
/** @import { MapFrame } from "./map-frame.js" */
import { contextOf } from "../../dom/find.js";
import { middlesOf } from "./map-frame.js";

const NUMERAL = 9; // Pixels of a numeral's height.
const DOT = 1.5;
const CLASS_NAME = 11;
const FAINT = 0.16; // Opacity of other classes than the one that is emphasized.

/**
 * @typedef {object} MapColors
 * @property {string[]} classes
 * @property {string} ground
 * @property {string} ink
 */

/**
 * @param {HTMLCanvasElement} canvas  Sized here: device pixels for a picture of the frame's size.
 * @param {MapFrame} frame
 * @param {number[]} labels
 * @param {MapColors} colors
 * @param {{numerals: boolean, emphasized: number | null}} options
 */
export function paintMap(canvas, frame, labels, { classes, ground, ink }, { numerals, emphasized }) {
  const { positions, size } = frame;
  const ratio = Math.max(1, Math.min(3, globalThis.devicePixelRatio || 1));
  canvas.width = canvas.height = Math.round(size * ratio);
  const context = contextOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = ground;
  context.fillRect(0, 0, size, size);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `600 ${NUMERAL}px system-ui, sans-serif`;
  // The emphasized class last, so that no other covers it.
  const order = labels.map((_, i) => i).sort((a, b) => Number(labels[a] === emphasized) - Number(labels[b] === emphasized));
  for (const i of order) {
    const label = labels[i];
    context.globalAlpha = emphasized === null || emphasized === label ? 1 : FAINT;
    context.fillStyle = classes[label % classes.length];
    const [x, y] = [positions[2 * i], positions[2 * i + 1]];
    if (numerals) context.fillText(String(label), x, y);
    else context.fillRect(x - DOT / 2, y - DOT / 2, DOT, DOT);
  }
  context.globalAlpha = 1;
  if (numerals) return;
  context.font = `700 ${CLASS_NAME}px system-ui, sans-serif`;
  context.lineWidth = 3;
  context.strokeStyle = ground;
  context.fillStyle = ink;
  for (const [label, { x, y }] of middlesOf(frame, labels)) {
    context.strokeText(String(label), x, y);
    context.fillText(String(label), x, y);
  }
}
