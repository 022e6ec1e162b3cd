// @ts-check
// One of the compared networks: its prediction of the perturbed digit, its maps before and after, and how much each layer changes.
/** @import { LayerDescription, ModelDescription, Plane, Tensor, ThemeColors } from "../../types.js" */
/** @import { PerturbedPrediction } from "../../api/robustness.js" */
import { build, resizeList } from "../../dom/build.js";
import { find, setText } from "../../dom/find.js";
import { enlargeInto, paintPlane, paintSheet } from "../../draw/plane.js";
import { createLegend } from "../../network/legend.js";
import { percent } from "../../network/prediction-bars.js";
import { planeOf, planesOf } from "../../network/selectors.js";
import { describeChange, formatChange } from "./sentences.js";

const SHEET_ROOM = 236; // CSS pixels.
const PICTURE_ROOM = 112;

/** What is shown of a network. @typedef {{result: PerturbedPrediction, tensors: Record<string, Tensor>, ownPicture: boolean, best: string | null}} Shown */

/**
 * @param {{id: string, name: string}} network
 * @param {ModelDescription} model
 * @param {(layer: string) => void} chooseLayer
 */
export function createNetworkColumn({ id, name }, model, chooseLayer) {
  const layers = model.layers.filter(({ kind }) => kind !== "softmax");
  const choice = build("select", { "aria-label": `Maps of ${name}` }, ...layers.map((layer) => build("option", { value: layer.name }, layer.name)));
  const sheet = (/** @type {string} */ words) => build("figure", {}, build("canvas", { class: "plane", width: 1, height: 1, role: "img", "aria-label": `${name}: maps, ${words}` }), build("figcaption", {}, words));
  const sheets = ["before", "after", "after − before"].map(sheet);
  const legends = build("div", { class: "legends" });
  const [legend, difference] = [createLegend(legends, "activation"), createLegend(legends, "difference")];
  const picture = build("canvas", { class: "plane", width: 1, height: 1, role: "img", "aria-label": `The digit as it is changed for ${name}` });
  const changes = build("ol", { class: "layer-changes", "aria-label": `How much each layer of ${name} changes` });
  const verdict = build("li", { "data-model": id },
    build("p", { class: "name" }, name),
    build("p", { class: "prediction-now" }, build("b", { class: "digit" }, "–"), " ", build("span", { class: "probability" })),
    build("p", { class: "was" }, "–"),
    build("p", { class: "best" }),
  );
  const root = build("li", { "data-model": id },
    build("h3", {}, name),
    picture,
    build("label", {}, "Maps of ", choice),
    build("div", { class: "sheets" }, ...sheets),
    legends,
    build("h4", {}, "How much each layer changes"),
    changes,
  );
  /** @type {HTMLLIElement[]} */
  const rows = [];
  choice.addEventListener("change", () => chooseLayer(choice.value));

  /** @param {LayerDescription} layer  @param {Record<string, Tensor>} tensors  @param {ThemeColors} colors */
  function paintMaps(layer, tensors, { diverging }) {
    const [before, after] = ["before", "after"].map((when) => tensors[`${id}/${layer.name}/${when}`]);
    if (!before || !after) return; // Another layer has been chosen since.
    const [planes, changed] = [planesOf(before), planesOf(after)];
    const minus = changed.map(({ data, ...size }, i) => ({ ...size, data: data.map((value, cell) => value - planes[i].data[cell]) }));
    const [low, high] = layer.display_range;
    [planes, changed, minus].forEach((each, i) => {
      const canvas = find(sheets[i], "canvas", HTMLCanvasElement);
      paintSheet(canvas, each, Math.ceil(Math.sqrt(each.length)), diverging, () => high);
      enlargeInto(canvas, SHEET_ROOM);
    });
    legend.update([low, high], diverging, true);
    difference.update([-high, high], diverging, true);
    root.dataset.maps = layer.name;
  }

  /** @param {PerturbedPrediction["changes"]} all  @param {number} most */
  function paintChanges(all, most) {
    const kinds = new Map(layers.map((layer) => [layer.name, layer]));
    const functions = all.filter(({ name: each }, i) => each === "input" || i === all.length - 1 || kinds.get(each)?.function);
    const shown = functions.length > 2 ? functions : all;
    resizeList(changes, rows, shown.length, () => build("li", {}, build("span"), build("i", { class: "bar", "aria-hidden": "true" }, build("i")), build("b")));
    shown.forEach(({ name: layer, change }, i) => {
      const [label, bar, number] = /** @type {HTMLElement[]} */ ([...rows[i].children]);
      setText(label, layer);
      find(bar, "i", HTMLElement).style.inlineSize = `${(100 * Math.min(1, (change ?? 0) / most)).toFixed(1)}%`;
      setText(number, formatChange(change));
    });
  }

  return {
    verdict,
    root,
    /** @param {string} layer */
    choose(layer) {
      choice.value = layer;
    },
    /**
     * @param {Shown} shown
     * @param {number} most  The change that fills a bar.
     * @param {ThemeColors} colors
     */
    paint({ result, tensors, ownPicture, best }, most, colors) {
      const { before, after } = result;
      setText(find(verdict, ".digit", HTMLElement), after ? String(after.digit) : "–");
      setText(find(verdict, ".probability", HTMLElement), after ? percent(after.probability) : "");
      setText(find(verdict, ".was", HTMLElement), describeChange(before, after));
      setText(find(verdict, ".best", HTMLElement), best ? `Your best: ${best}` : "");
      verdict.classList.toggle("fooled", Boolean(before && after && before.digit !== after.digit));
      picture.hidden = !ownPicture;
      if (ownPicture) paintDigit(picture, planeOf(tensors[`${id}/pixels`]), colors, PICTURE_ROOM);
      const layer = layers.find((each) => each.name === choice.value);
      if (layer) paintMaps(layer, tensors, colors);
      paintChanges(result.changes, most);
    },
  };
}

/** @param {HTMLCanvasElement} canvas  @param {Plane} plane  @param {ThemeColors} colors  @param {number} room */
export function paintDigit(canvas, plane, { ink }, room) {
  paintPlane(canvas, plane, ink, 1);
  enlargeInto(canvas, room);
}
