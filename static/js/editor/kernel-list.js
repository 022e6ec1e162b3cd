// @ts-check
// The kernels of a layer as buttons, to choose one.
/** @import { KernelEdit, Tensor, ThemeColors } from "../types.js" */
/** @import { EditableLayer } from "./editable-layers.js" */
/** @import { EditorState } from "./editor-state.js" */
import { build, resizeList } from "../dom/build.js";
import { setText } from "../dom/find.js";
import { enlargeInto, paintPlane } from "../draw/plane.js";
import { kernelOf } from "./kernel-edits.js";

const THUMBNAIL = 40; // CSS pixels.

/**
 * @param {HTMLElement} list
 * @param {(filter: number) => void} choose
 * @param {AbortSignal} signal
 */
export function createKernelList(list, choose, signal) {
  /** @type {{button: HTMLButtonElement, canvas: HTMLCanvasElement, label: HTMLElement}[]} */
  const thumbnails = [];
  /** @type {HTMLLIElement[]} */
  const items = [];

  /** @param {number} filter */
  function make(filter) {
    const canvas = build("canvas", { class: "plane", "aria-hidden": "true" });
    const label = build("span", {}, String(filter));
    const button = build("button", { type: "button" }, canvas, label);
    button.addEventListener("click", () => choose(filter), { signal });
    thumbnails[filter] = { button, canvas, label };
    return build("li", {}, button);
  }

  /**
   * @param {EditorState} state
   * @param {EditableLayer} layer
   * @param {Tensor} learned  [F, C, kH, kW]
   * @param {number} range    The weight at the end of the color scale.
   * @param {ThemeColors} colors
   */
  return ({ edits: { present: edits }, filter: chosen, channel }, { name, filters, kernelShape: [, rows, columns] }, learned, range, { diverging }) => {
    resizeList(list, items, filters, make);
    thumbnails.length = filters;
    thumbnails.forEach(({ button, canvas, label }, filter) => {
      const kernel = kernelOf(edits, { layer: name, filter, position: null }, learned);
      const data = kernel.subarray(channel * rows * columns, (channel + 1) * rows * columns);
      paintPlane(canvas, { width: columns, height: rows, data }, diverging, range);
      enlargeInto(canvas, THUMBNAIL);
      const mark = markOf(edits.filter((edit) => edit.layer === name && edit.filter === filter));
      button.setAttribute("aria-pressed", String(filter === chosen));
      button.setAttribute("aria-label", `Kernel ${filter}${mark && `, ${mark}`}`);
      button.toggleAttribute("data-off", mark === "turned off");
      setText(label, mark === "turned off" ? `${filter} off` : String(filter));
      label.className = mark === "edited" ? "edited" : "";
    });
  };
}

/** @param {KernelEdit[]} edits  Of one filter. */
function markOf(edits) {
  if (edits.some(({ ablated, position }) => ablated && !position)) return "turned off";
  return edits.length ? "edited" : "";
}
