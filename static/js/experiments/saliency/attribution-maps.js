// @ts-check
// Both maps side by side, and the digit with the pixel or square that is pointed at.
/** @import { Plane, ThemeColors } from "../../types.js" */
/** @import { Explanation, Point } from "./explanation.js" */
import { find, findAll, setText } from "../../dom/find.js";
import { arrowStep, stepWithin } from "../../dom/grid-keys.js";
import { largestAbsolute } from "../../draw/largest.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { createLegend } from "../../network/legend.js";
import { describePoint, outlineOf } from "./explanation.js";

// CSS pixels.
const LARGEST = 504; // Side of a picture.
const THREE = 760; // From this width on, three pictures stand side by side; from the next, two.
const TWO = 480;

/**
 * @param {(words: string) => void} announce
 * @param {AbortSignal} signal
 */
export function createAttributionMaps(announce, signal) {
  const canvases = {
    gradient: find(document, "#saliency-map", HTMLCanvasElement),
    occlusion: find(document, "#occlusion-map", HTMLCanvasElement),
    input: find(document, "#pointed", HTMLCanvasElement),
  };
  const legends = {
    gradient: createLegend(find(document, "#saliency-legend", HTMLElement), "logit per ink"),
    occlusion: createLegend(find(document, "#occlusion-legend", HTMLElement), "fall of the logit"),
  };
  const list = find(document, ".attributions", HTMLElement);
  const outlines = findAll(document, ".outline path", SVGPathElement);
  const box = find(document, ".marked .box", HTMLElement);
  const sentence = find(document, "#pointed-sentence", HTMLElement);
  let zoom = 10;
  /** @type {Explanation | null} */
  let shown = null;
  /** @type {Point | null} */
  let pointed = null;

  function paintPointed() {
    box.hidden = !pointed || !shown;
    if (!pointed || !shown) return;
    const { map, row, column } = pointed;
    const reach = map === "occlusion" ? (shown.size - 1) / 2 : 0;
    box.style.insetBlockStart = `${(row - reach) * zoom}px`;
    box.style.insetInlineStart = `${(column - reach) * zoom}px`;
    box.style.inlineSize = box.style.blockSize = `${(2 * reach + 1) * zoom}px`;
    setText(sentence, describePoint(shown, pointed));
  }

  for (const map of /** @type {const} */ (["gradient", "occlusion"])) {
    const canvas = canvases[map];
    // A finger taps; a mouse points.
    for (const type of /** @type {const} */ (["pointermove", "pointerdown"])) {
      canvas.addEventListener(type, ({ offsetX, offsetY }) => {
        const at = { row: Math.floor(offsetY / zoom), column: Math.floor(offsetX / zoom) };
        pointed = { map, ...stepWithin(at, [0, 0], [canvas.height, canvas.width]) };
        paintPointed();
      }, { signal });
    }
    canvas.addEventListener("keydown", (event) => {
      const step = arrowStep(event);
      if (!step || !shown) return;
      event.preventDefault();
      const from = pointed ?? { row: canvas.height / 2, column: canvas.width / 2 };
      pointed = { map, ...stepWithin(from, step, [canvas.height, canvas.width]) };
      paintPointed();
      announce(describePoint(shown, pointed));
    }, { signal });
  }

  return {
    /** The three pictures side by side, as large as the width allows. */
    layOut() {
      const width = list.clientWidth;
      const beside = width >= THREE ? 3 : width >= TWO ? 2 : 1;
      const gaps = (beside - 1) * parseFloat(getComputedStyle(list).columnGap);
      zoom = Math.max(1, Math.min(Math.floor(LARGEST / canvases.input.width), Math.floor((width - gaps) / beside / canvases.input.width)));
      for (const canvas of Object.values(canvases)) enlarge(canvas, zoom);
      paintPointed();
    },
    /** @param {Explanation} explanation  @param {boolean} byInk  @param {ThemeColors} colors */
    paint(explanation, byInk, { diverging, ink }) {
      shown = explanation;
      const planes = { gradient: byInk ? explanation.timesInk : explanation.gradient, occlusion: explanation.occlusion };
      for (const [map, plane] of /** @type {["gradient" | "occlusion", Plane][]} */ (Object.entries(planes))) {
        const range = largestAbsolute(plane.data) || 1;
        paintPlane(canvases[map], plane, diverging, range);
        legends[map].update([-range, range], diverging);
      }
      setText(find(document, "#saliency-legend .legend span", HTMLElement), byInk ? "logit" : "logit per ink");
      const outline = outlineOf(explanation.input);
      for (const path of outlines) path.setAttribute("d", outline);
      paintPlane(canvases.input, explanation.input, ink, 1);
      paintPointed();
    },
  };
}
