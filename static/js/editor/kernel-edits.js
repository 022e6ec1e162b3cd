// @ts-check
// The visitor's edits, as a list that is never changed in place: undo is an older list.
/** @import { KernelEdit, Tensor } from "../types.js" */
/** @import { EditableLayer } from "./editable-layers.js" */
import { decodeBase64url, encodeBase64url } from "../shell/base64url.js";

const ABLATED = 1;
const POSITIONED = 2;
const PAINTED = 4;

const LARGEST_WEIGHT = 100; // Of what the API accepts, either way.

/** What an edit changes. @typedef {Pick<KernelEdit, "layer" | "filter" | "position">} Target */

/** Whether both are of the same neurons. @param {Target} a  @param {Target} b */
function isSameTarget(a, b) {
  return a.layer === b.layer && a.filter === b.filter && a.position?.row === b.position?.row && a.position?.column === b.position?.column;
}

/** @param {KernelEdit[]} edits  @param {Target} target */
export function editOf(edits, target) {
  return edits.find((each) => isSameTarget(each, target));
}

/**
 * The list with one more edit, instead of an older one of the same target.
 * @param {KernelEdit[]} edits
 * @param {KernelEdit} edit
 * @returns {KernelEdit[]} Edits of whole maps first: edits of one position are applied after them.
 */
export function withEdit(edits, edit) {
  const next = [...withoutEdit(edits, edit), edit];
  return [...next.filter(({ position }) => !position), ...next.filter(({ position }) => position)];
}

/** @param {KernelEdit[]} edits  @param {Target} target */
export function withoutEdit(edits, target) {
  return edits.filter((each) => !isSameTarget(each, target));
}

/**
 * The edit of a filter, of other neurons than before: those of `target`.
 * @param {KernelEdit[]} edits
 * @param {Target} target
 * @returns {KernelEdit[]} The same list if the filter has no edit, or has it there already.
 */
export function withScope(edits, target) {
  const own = edits.filter(({ layer, filter }) => layer === target.layer && filter === target.filter);
  const last = own.at(-1);
  if (!last || (own.length === 1 && isSameTarget(last, target))) return edits;
  return withEdit(edits.filter((each) => !own.includes(each)), { ...(editOf(own, target) ?? last), ...target });
}

/**
 * The kernel that the edits leave the target with.
 * @param {KernelEdit[]} edits
 * @param {Target} target
 * @param {Tensor} learned  [F, C, kH, kW], of its layer.
 * @returns {Float32Array} [C × kH × kW]; not to be changed in place.
 */
export function kernelOf(edits, target, learned) {
  const size = learned.data.length / learned.shape[0];
  const edit = editOf(edits, target) ?? editOf(edits, { ...target, position: null });
  if (edit?.ablated) return new Float32Array(size);
  return edit?.kernel ?? /** @type {Float32Array} */ (learned.data.subarray(target.filter * size, (target.filter + 1) * size));
}

/** As the API has them. @param {KernelEdit[]} edits  @param {EditableLayer[]} layers */
export function bodyOfEdits(edits, layers) {
  return edits.map(({ layer, filter, kernel, ablated, position }) => {
    const [channels, rows, columns] = layers.find(({ name }) => name === layer)?.kernelShape ?? [0, 0, 0];
    const nested = kernel && Array.from({ length: channels }, (_, c) => Array.from({ length: rows }, (__, i) =>
      [...kernel.subarray((c * rows + i) * columns, (c * rows + i + 1) * columns)]));
    return { layer, filter, ablate: ablated, ...(nested && { kernel: nested }), ...position };
  });
}

/**
 * The edits as text for an address: base64url of bytes, numbers big-endian. For each edit: index of its layer (8 bits), number
 * of its filter (16), flags (8); if it is of one position, row and column (16 each); if it is painted, the number of weights
 * (32) and each weight (32).
 * @param {KernelEdit[]} edits
 * @param {EditableLayer[]} layers
 */
export function encodeEdits(edits, layers) {
  const size = edits.reduce((sum, { kernel, position }) => sum + 4 + (position ? 4 : 0) + (kernel ? 4 + 4 * kernel.length : 0), 0);
  const view = new DataView(new ArrayBuffer(size));
  let at = 0;
  for (const { layer, filter, kernel, ablated, position } of edits) {
    view.setUint8(at, layers.findIndex(({ name }) => name === layer));
    view.setUint16(at + 1, filter);
    view.setUint8(at + 3, (ablated ? ABLATED : 0) | (position ? POSITIONED : 0) | (kernel ? PAINTED : 0));
    at += 4;
    if (position) {
      view.setUint16(at, position.row);
      view.setUint16(at + 2, position.column);
      at += 4;
    }
    if (kernel) {
      view.setUint32(at, kernel.length);
      kernel.forEach((weight, i) => view.setFloat32(at + 4 + 4 * i, weight));
      at += 4 + 4 * kernel.length;
    }
  }
  return encodeBase64url(new Uint8Array(view.buffer));
}

/**
 * @param {string} text
 * @param {EditableLayer[]} layers
 * @returns {KernelEdit[]} None if the text is damaged, or was made for another network.
 */
export function decodeEdits(text, layers) {
  const bytes = decodeBase64url(text);
  if (!bytes) return [];
  const view = new DataView(bytes.buffer);
  /** @type {KernelEdit[]} */
  const edits = [];
  try {
    for (let at = 0; at < bytes.length;) {
      const [layer, filter, flags] = [layers[view.getUint8(at)], view.getUint16(at + 1), view.getUint8(at + 3)];
      at += 4;
      let position = null;
      if (flags & POSITIONED) {
        position = { row: view.getUint16(at), column: view.getUint16(at + 2) };
        at += 4;
      }
      let kernel = null;
      if (flags & PAINTED) {
        const count = view.getUint32(at);
        if (4 * count > bytes.length) return []; // A damaged number must not reserve gigabytes.
        kernel = Float32Array.from({ length: count }, (_, i) => view.getFloat32(at + 4 + 4 * i));
        at += 4 + 4 * count;
      }
      const edit = { layer: layer?.name, filter, kernel, ablated: Boolean(flags & ABLATED), position };
      if (!layer || !fits(edit, layer)) return [];
      edits.push(edit);
    }
  } catch {
    return []; // A number lies beyond the end.
  }
  return edits;
}

/** @param {KernelEdit} edit  @param {EditableLayer} layer */
function fits({ filter, kernel, position }, { filters, kernelShape: [channels, rows, columns], mapSize: [height, width] }) {
  return filter < filters
    && (!kernel || (kernel.length === channels * rows * columns && kernel.every((weight) => Math.abs(weight) <= LARGEST_WEIGHT)))
    && (!position || (position.row < height && position.column < width));
}
