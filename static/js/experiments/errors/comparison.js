// @ts-check
// A misread digit beside a similar one that is classified correctly: what decided, and their maps.
/** @import { ExplainedDigit, NetworkAtStep, SimilarDigit } from "../../api/errors.js" */
/** @import { LayerDescription, Plane, Tensor, ThemeColors } from "../../types.js" */
import { build } from "../../dom/build.js";
import { find, findAll, setText } from "../../dom/find.js";
import { enlarge, paintPlane, paintSheet } from "../../draw/plane.js";
import { createLegend, formatValue } from "../../network/legend.js";
import { aDigit, percent } from "../../network/prediction-bars.js";
import { planeOf, planesOf } from "../../network/selectors.js";
import { decidingMaps } from "./figures.js";

const DECIDING = 6; // Maps whose contributions are listed.
const DIGIT_ZOOM = 5;
const SHEET_WIDTH = 272; // CSS pixels, about.

/** @typedef {{response: {digit: ExplainedDigit, similar: SimilarDigit[]}, tensors: Record<string, Tensor>}} Misread */

/**
 * What is compared.
 * @typedef {object} Compared
 * @property {Misread} misread
 * @property {SimilarDigit} other
 * @property {LayerDescription | null} layer  The layer whose maps are shown.
 * @property {[Tensor, Tensor] | null} maps   Of both digits, once they are known.
 */

/** @param {HTMLElement} root */
export function createComparison(root) {
  const legend = createLegend(find(root, "#comparison-legend", HTMLElement), "activation");
  const difference = createLegend(find(root, "#comparison-legend", HTMLElement), "difference");
  const figures = findAll(root, ".compared", HTMLElement);
  const evidence = find(root, "#evidence", HTMLElement);

  /** @param {HTMLElement} figure  @param {Plane} plane  @param {ExplainedDigit} digit  @param {string} words  @param {ThemeColors} colors */
  function paintDigit(figure, plane, digit, words, { ink }) {
    const canvas = find(figure, "canvas.digit", HTMLCanvasElement);
    paintPlane(canvas, plane, ink, 1);
    enlarge(canvas, DIGIT_ZOOM);
    setText(find(figure, "figcaption b", HTMLElement), words);
    setText(find(figure, "figcaption span", HTMLElement), `Test digit ${digit.index}, ${aDigit(digit.label)}, predicted as ${digit.predicted} with ${percent(digit.probability)}.`);
  }

  /** @param {HTMLElement} figure  @param {Plane[]} planes  @param {LayerDescription} layer  @param {import("../../draw/color-scale.js").ColorScale} scale */
  function paintMaps(figure, planes, layer, scale) {
    const canvas = find(figure, "canvas.maps", HTMLCanvasElement);
    const columns = Math.ceil(Math.sqrt(planes.length));
    paintSheet(canvas, planes, columns, scale, () => layer.display_range[1]);
    enlarge(canvas, Math.max(1, Math.floor(SHEET_WIDTH / canvas.width)));
    canvas.setAttribute("aria-label", `The ${planes.length} maps of ${layer.name}`);
  }

  return {
    /** @param {Compared} compared  @param {ThemeColors} colors */
    paint({ misread: { response: { digit }, tensors }, other, layer, maps }, colors) {
      const plane = (/** @type {string} */ name) => planeOf(tensors[`${name}/pixels`]);
      paintDigit(figures[0], plane("digit"), digit, "Misread", colors);
      paintDigit(figures[1], plane(other.id), other, `Correct, at distance ${formatValue(other.distance)}`, colors);
      for (const canvas of findAll(root, "canvas.maps", HTMLCanvasElement)) canvas.hidden = !maps || !layer;
      find(root, "#comparison-legend", HTMLElement).hidden = !maps || !layer;
      if (maps && layer) {
        const [own, its] = maps.map(planesOf);
        paintMaps(figures[0], own, layer, colors.diverging);
        paintMaps(figures[1], its, layer, colors.diverging);
        const minus = own.map(({ data, ...size }, i) => ({ ...size, data: data.map((value, cell) => value - its[i].data[cell]) }));
        paintMaps(figures[2], minus, layer, colors.diverging);
        const [low, high] = layer.display_range;
        legend.update([low, high], colors.diverging, true);
        difference.update([-high, high], colors.diverging, true);
      }
      paintEvidence(evidence, digit, other, tensors);
    },
  };
}

/** @param {HTMLElement} root  @param {ExplainedDigit} digit  @param {SimilarDigit} other  @param {Record<string, Tensor>} tensors */
function paintEvidence(root, digit, other, tensors) {
  if (!digit.evidence || !other.evidence) {
    root.replaceChildren(build("p", {}, "This network does not compute its logits by a fully connected layer, so their difference is not divided among maps."));
    return;
  }
  const { layer, bias } = digit.evidence;
  const [own, its] = ["digit", other.id].map((name) => tensors[`${name}/evidence/contributions`].data);
  const listed = decidingMaps(own, its, DECIDING);
  const rest = (/** @type {Float32Array} */ all, /** @type {"misread" | "other"} */ which) =>
    all.reduce((sum, value) => sum + value, 0) - listed.reduce((sum, row) => sum + row[which], 0);
  /** @type {[string, number, number][]} */
  const rows = [
    ...listed.map(({ filter, misread, other: correct }) => /** @type {[string, number, number]} */ ([`map ${filter}`, misread, correct])),
    [`the other ${own.length - listed.length}`, rest(own, "misread"), rest(its, "other")],
    ["bias", bias, bias],
    ["sum", digit.evidence.margin, other.evidence.margin],
  ];
  const most = Math.max(...rows.slice(0, -1).flatMap(([, a, b]) => [Math.abs(a), Math.abs(b)])) || 1;
  root.replaceChildren(
    build("p", { class: "plain" }, `The logit of ${digit.predicted} minus that of ${digit.label}: where the sum is positive, the network decides for ${digit.predicted}. `
      + `It is added up from the maps of ${layer}; those in which both digits differ most come first.`),
    build("table", { class: "figures evidence" },
      build("thead", {}, build("tr", {}, build("th", { scope: "col" }, layer), build("th", { scope: "col" }, "misread"), build("th", { scope: "col" }, "correct"))),
      build("tbody", {}, ...rows.map(([name, a, b]) => build("tr", {}, build("th", { scope: "row" }, name), ...[a, b].map((value) => cell(value, name === "sum" ? 0 : value / most)))))),
  );
}

/** A number with a bar from the middle. @param {number} value  @param {number} share  Of half the width, −1 to 1. */
function cell(value, share) {
  const bar = build("i", { "aria-hidden": "true", class: share < 0 ? "lowers" : "raises" });
  bar.style.inlineSize = `${(50 * Math.abs(share)).toFixed(1)}%`;
  return build("td", {}, build("span", { class: "bar" }, bar), build("span", { class: "number" }, formatValue(value, 3)));
}
