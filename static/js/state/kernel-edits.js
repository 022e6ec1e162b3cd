// @ts-check
/** @import { KernelEdit } from "../types.js" */

// What the visitor made of kernels, as a list that is never changed in place: undo is an older list.

const SILENCED = 1;
const PLACED = 2;
const PAINTED = 4;

/** Whether two edits are of the same neuron or neurons. @param {KernelEdit} a  @param {Pick<KernelEdit, "layer" | "filter" | "place">} b */
export function sameTarget(a, b) {
  return a.layer === b.layer && a.filter === b.filter && a.place?.row === b.place?.row && a.place?.column === b.place?.column;
}

/**
 * The list with one more edit; it takes the place of an older one of the same target.
 * @param {KernelEdit[]} edits
 * @param {KernelEdit} edit
 * @returns {KernelEdit[]} Edits of all places first, so that those of one place count.
 */
export function withEdit(edits, edit) {
  const next = [...edits.filter((each) => !sameTarget(each, edit)), edit];
  return [...next.filter(({ place }) => !place), ...next.filter(({ place }) => place)];
}

/**
 * @param {KernelEdit[]} edits
 * @param {Pick<KernelEdit, "layer" | "filter" | "place">} target
 */
export function withoutEdit(edits, target) {
  return edits.filter((each) => !sameTarget(each, target));
}

/** As the API has them. @param {KernelEdit[]} edits  @param {(layer: string) => [number, number, number]} shapeOf  [C, k, k] */
export function bodyOfEdits(edits, shapeOf) {
  return edits.map(({ layer, filter, kernel, silenced, place }) => {
    const [channels, rows, columns] = shapeOf(layer);
    const nested = kernel && Array.from({ length: channels }, (_, c) => Array.from({ length: rows }, (__, i) =>
      [...kernel.subarray((c * rows + i) * columns, (c * rows + i + 1) * columns)]));
    return { layer, filter, silence: silenced, ...(nested && { kernel: nested }), ...place };
  });
}

/**
 * The edits as text for an address: base64url of bytes. For each edit: number of its layer, number of its filter, flags; row
 * and column of its place, if it has one; if it is painted, how many weights, in 16 bits, and each in 32, big-endian.
 * @param {KernelEdit[]} edits
 * @param {string[]} layers  Names, in order.
 */
export function encodeEdits(edits, layers) {
  const bytes = edits.flatMap(({ layer, filter, kernel, silenced, place }) => {
    const flags = (silenced ? SILENCED : 0) | (place ? PLACED : 0) | (kernel ? PAINTED : 0);
    const weights = new DataView(new ArrayBuffer(kernel ? 2 + 4 * kernel.length : 0));
    if (kernel) weights.setUint16(0, kernel.length);
    kernel?.forEach((weight, i) => weights.setFloat32(2 + 4 * i, weight));
    return [layers.indexOf(layer), filter, flags, ...(place ? [place.row, place.column] : []), ...new Uint8Array(weights.buffer)];
  });
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * @param {string} text
 * @param {string[]} layers
 * @param {(edit: KernelEdit) => boolean} fits  Whether the network has such a filter and place.
 * @returns {KernelEdit[]} None if the text is damaged, or was made for another network.
 */
export function decodeEdits(text, layers, fits) {
  /** @type {KernelEdit[]} */
  const edits = [];
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length;) {
      const [layer, filter, flags] = [layers[view.getUint8(at)], view.getUint8(at + 1), view.getUint8(at + 2)];
      at += 3;
      let place = null;
      if (flags & PLACED) {
        place = { row: view.getUint8(at), column: view.getUint8(at + 1) };
        at += 2;
      }
      let kernel = null;
      if (flags & PAINTED) {
        kernel = Float32Array.from({ length: view.getUint16(at) }, (_, i) => view.getFloat32(at + 2 + 4 * i));
        at += 2 + 4 * kernel.length;
      }
      const edit = { layer, filter, kernel, silenced: Boolean(flags & SILENCED), place };
      if (!fits(edit)) return [];
      edits.push(edit);
    }
  } catch {
    return [];
  }
  return edits;
}
