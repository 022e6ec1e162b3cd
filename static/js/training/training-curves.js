// @ts-check
/** @import { Checkpoint, Epoch } from "../types.js" */

const SVG = "http://www.w3.org/2000/svg";
const TOP = 16; // Room for the letters A and B of a comparison.
const PLOT = 84;
const SLIDER = 22; // The slider's thumb moves along the axis.
const NUMBERS = 15;
const LEFT = 34;
const LABELS = 190;
const NARROW = 620; // Below this width, the labels are inside the plot, in its empty corner.
const DECADES = [1, 10, 100, 1000, 10_000];

/**
 * Accuracy and loss over the steps of training.
 *
 * The axis is logarithmic: checkpoints were stored at equal steps of the logarithm, so their distances are equal. Step 0, which
 * has no logarithm, comes first. Accuracies and the loss in nats share one axis, from 0 to 1.
 *
 * @param {{checkpoints: Checkpoint[], epochs: Epoch[]}} history
 * @param {(index: number) => void} choose  Called with the checkpoint that is clicked or dragged to.
 * @param {AbortSignal} signal
 */
export function createTrainingCurves({ checkpoints, epochs }, choose, signal) {
  const root = draw("svg", { class: "curves", role: "img", "aria-label": describe(checkpoints, epochs) });
  const scene = draw("g");
  const pinned = draw("g", { class: "pinned" }, draw("line"), draw("text", {}, "A"));
  const current = draw("g", { class: "current" }, draw("line"), draw("circle", { r: 4 }), draw("text", {}, "B"));
  root.append(scene, pinned, current);
  const values = { accuracy: draw("tspan", { class: "value" }), loss: draw("tspan", { class: "value" }) };

  let [begin, end] = [LEFT, LEFT];
  const last = checkpoints.length - 1;

  /** @param {number} index */
  const xAt = (index) => begin + ((end - begin) * index) / last;
  /** @param {number} value */
  const yAt = (value) => TOP + PLOT * (1 - value);

  /** @param {number} step */
  function xOf(step) {
    const after = Math.max(1, checkpoints.findIndex((checkpoint) => checkpoint.step >= step));
    const [low, high] = [checkpoints[after - 1].step, checkpoints[after].step];
    return xAt(after - 1 + (low ? Math.log(step / low) / Math.log(high / low) : step / high));
  }

  root.addEventListener("pointerdown", (event) => {
    root.setPointerCapture(event.pointerId);
    pointAt(event);
  }, { signal });
  root.addEventListener("pointermove", (event) => {
    if (root.hasPointerCapture(event.pointerId)) pointAt(event);
  }, { signal });

  /** @param {PointerEvent} event */
  function pointAt(event) {
    const share = (event.clientX - root.getBoundingClientRect().left - begin) / (end - begin);
    choose(Math.round(Math.min(1, Math.max(0, share)) * last));
  }

  return {
    root,

    /**
     * Size the plot.
     * @param {number} width
     * @returns {{begin: number, end: number, top: number, height: number}} The position of the axis, in pixels.
     */
    layOut(width) {
      const narrow = width < NARROW;
      [begin, end] = [LEFT, width - (narrow ? 10 : LABELS)];
      const height = TOP + PLOT + SLIDER + NUMBERS;
      set(root, { width, height, viewBox: `0 0 ${width} ${height}` });
      const bottom = TOP + PLOT;
      scene.replaceChildren(
        ...[0, 0.5, 1].flatMap((share) => [
          line(begin, yAt(share), end, yAt(share), "grid"),
          draw("text", { x: begin - 8, y: yAt(share) + 4, class: "scale" }, `${100 * share}%`),
        ]),
        line(begin, yAt(0.1), end, yAt(0.1), "guessing"),
        draw("text", { x: end - 2, y: yAt(0.1) - 4, class: "scale" }, "guessing"),
        ...checkpoints.map((_, index) => line(xAt(index), bottom, xAt(index), bottom + 5, "tick")),
        ...[0, ...DECADES].map((step) => draw("text", { x: xOf(step), y: bottom + SLIDER + NUMBERS - 4, class: "step" }, step.toLocaleString("en"))),
        curve(epochs.map(({ step, loss }) => [xOf(step), yAt(loss)]), "loss"),
        curve(epochs.map(({ step, accuracy }) => [xOf(step), yAt(accuracy)]), "training-accuracy"),
        curve(checkpoints.map(({ test_accuracy: share }, index) => [xAt(index), yAt(share)]), "test-accuracy"),
        ...checkpoints.map(({ test_accuracy: share }, index) => draw("circle", { cx: xAt(index), cy: yAt(share), r: 1.75, class: "kept" })),
        draw("text", { x: begin - 8, y: bottom + SLIDER + NUMBERS - 4, class: "scale" }, "step"),
      );
      const at = narrow ? begin + 6 : end + 14;
      const [first, second, third] = narrow ? [TOP + 12, TOP + 26, TOP + 40] : [yAt(1) + 2, yAt(1) + 16, yAt(epochs[epochs.length - 1]?.loss ?? 0.3) + 4];
      scene.append(
        ...label(at, first, "test-accuracy", "test accuracy"),
        ...label(at, second, "training-accuracy", narrow ? "training" : "training accuracy", values.accuracy),
        ...label(at, third, "loss", narrow ? "loss" : "training loss", values.loss),
      );
      return { begin, end, top: bottom, height: SLIDER };
    },

    /** @param {{index: number, pinned: number | null}} view */
    mark(view) {
      place(current, view.index);
      const dot = /** @type {Element} */ (current.querySelector("circle"));
      set(dot, { cx: xAt(view.index), cy: yAt(checkpoints[view.index].test_accuracy) });
      pinned.toggleAttribute("hidden", view.pinned === null);
      /** @type {Element} */ (current.querySelector("text")).toggleAttribute("hidden", view.pinned === null || view.pinned === view.index);
      if (view.pinned !== null) place(pinned, view.pinned);
      const epoch = epochs.findLast(({ step }) => step <= checkpoints[view.index].step);
      values.accuracy.textContent = epoch ? ` ${(100 * epoch.accuracy).toFixed(1)}%` : "";
      values.loss.textContent = epoch ? ` ${epoch.loss.toFixed(2)} nats` : "";
    },
  };

  /** @param {Element} mark  @param {number} index */
  function place(mark, index) {
    const x = xAt(index);
    set(/** @type {Element} */ (mark.querySelector("line")), { x1: x, x2: x, y1: TOP - 2, y2: TOP + PLOT });
    set(/** @type {Element} */ (mark.querySelector("text")), { x, y: TOP - 5 });
  }

  /** @param {number} x  @param {number} y  @param {string} name  @param {(Node | string)[]} words */
  function label(x, y, name, ...words) {
    return [line(x, y - 4, x + 16, y - 4, name), draw("text", { x: x + 22, y }, ...words)];
  }
}

/** @param {Checkpoint[]} checkpoints  @param {Epoch[]} epochs */
function describe(checkpoints, epochs) {
  /** @param {number} share */
  const percent = (share) => `${(100 * share).toFixed(1)}%`;
  const [from, to] = [checkpoints[0], checkpoints[checkpoints.length - 1]];
  const [first, final] = [epochs[0], epochs[epochs.length - 1]];
  return `Training curves. Test accuracy rises from ${percent(from.test_accuracy)} at step ${from.step} to ${percent(to.test_accuracy)} at step ${to.step}.`
    + (first ? ` Over ${epochs.length} epochs, accuracy on the augmented training digits rises from ${percent(first.accuracy)} to ${percent(final.accuracy)}, `
      + `and loss, label smoothing included, falls from ${first.loss.toFixed(2)} to ${final.loss.toFixed(2)} nats.` : "");
}

/** @param {[number, number][]} points  @param {string} name */
function curve(points, name) {
  return draw("polyline", { points: points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "), class: name });
}

/** @param {number} x1  @param {number} y1  @param {number} x2  @param {number} y2  @param {string} name */
function line(x1, y1, x2, y2, name) {
  return draw("line", { x1, y1, x2, y2, class: name });
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {SVGElementTagNameMap[K]}
 */
function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

/** @param {Element} element  @param {Record<string, string | number>} attributes */
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}
