// @ts-check
// The kernels of a training step in the layers' sections, in place of the finished ones.
/** @import { ActivationsResponse, Bench, Tensor, TrainingView } from "../types.js" */
/** @import { CheckpointLoader } from "./checkpoint-loader.js" */
import { build } from "../dom/build.js";
import { find, findAll } from "../dom/find.js";
import { largestAbsolute } from "../draw/largest.js";
import { formatValue } from "../network/legend.js";
import { differenceOf } from "../network/tensors.js";

const NEAR = "300px"; // As for the maps: a section this near may become visible before a response arrives.
const ROUNDING = 1.005; // A largest weight up to this multiple of the color scale's end is not shown as exceeding it.

/**
 * Which layers with weights are on the screen or near it.
 * @param {Bench} bench
 * @param {() => void} onChange
 */
export function createNearLayers({ sections, signal }, onChange) {
  const roots = new Map(findAll(document, "section.layer", HTMLElement).map((root) => [root.dataset.layer ?? "", root]));
  const learning = sections.filter(({ layer }) => layer.parameters).map(({ layer }) => layer.name);
  /** @type {Set<string>} */
  const near = new Set();
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      near[isIntersecting ? "add" : "delete"](/** @type {HTMLElement} */ (target).dataset.layer ?? "");
    }
    onChange();
  }, { rootMargin: NEAR });
  const stop = () => watcher.disconnect();
  signal.addEventListener("abort", stop, { once: true });
  /** @param {string} layer */
  const rootOf = (layer) => /** @type {HTMLElement} */ (roots.get(layer));

  return {
    learning,
    rootOf,
    /** @type {ReadonlySet<string>} */
    near,
    watch() {
      for (const layer of learning) watcher.observe(rootOf(layer));
    },
    stop,
  };
}

/** @typedef {ReturnType<typeof createNearLayers>} NearLayers */

/**
 * @param {Bench} bench
 * @param {CheckpointLoader} loader
 * @param {NearLayers} layers
 */
export function createShownKernels(bench, loader, { learning, near, rootOf }) {
  /** By layer. @type {Map<string, Tensor>} */
  const shown = new Map();
  /** @type {Map<string, {of: Tensor, against: Tensor, tensor: Tensor}>} */
  const differences = new Map();
  /** @type {Map<string, HTMLElement>} */
  const notes = new Map();

  /** @param {string} layer  @param {TrainingView} view  @param {number} step  @returns {Tensor | undefined} */
  function kernelsFor(layer, { pinned, shown: choice }, step) {
    const tensor = loader.kernelsAt(layer, step);
    if (pinned === null || choice !== "difference" || !tensor) return tensor;
    const against = loader.kernelsAt(layer, pinned);
    if (!against) return undefined;
    const before = differences.get(layer);
    if (before?.of === tensor && before.against === against) return before.tensor;
    const difference = differenceOf(tensor, against);
    differences.set(layer, { of: tensor, against, tensor: difference });
    return difference;
  }

  /** Show the largest weight if it exceeds the color scale. @param {string} layer  @param {number} largest  0 if it does not. */
  function noteBeyond(layer, largest) {
    const note = notes.get(layer) ?? build("span", { class: "beyond" });
    notes.set(layer, note);
    note.textContent = `(they reach ±${formatValue(largest)})`;
    if (largest) find(rootOf(layer), ".legends", HTMLElement).append(note);
    else note.remove();
  }

  /** @param {string} layer */
  function showFinished(layer) {
    if (shown.delete(layer)) bench.showKernels(layer);
    rootOf(layer).removeAttribute("data-unknown");
    notes.get(layer)?.remove();
  }

  return {
    /** Paint all kernels again next time, because colors, sizes or the scale have changed. */
    forget: () => shown.clear(),

    /**
     * Show the kernels of the same response as the maps.
     * @param {ActivationsResponse["training"]} training
     * @param {boolean} shared  Whether all steps have the range of the finished kernels; otherwise each has its own.
     */
    show(training, shared) {
      for (const layer of learning) {
        if (!training) {
          showFinished(layer);
          continue;
        }
        const tensor = kernelsFor(layer, training.view, training.step);
        const range = loader.rangeOf(layer);
        rootOf(layer).toggleAttribute("data-unknown", !tensor || !range);
        if (!tensor || !range || !near.has(layer) || shown.get(layer) === tensor) continue;
        shown.set(layer, tensor);
        const own = largestAbsolute(tensor.data);
        bench.showKernels(layer, tensor, shared ? range : own);
        noteBeyond(layer, shared && own > ROUNDING * range ? own : 0);
      }
    },
  };
}
