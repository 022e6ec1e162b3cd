// @ts-check
/** @import { ExperimentContext, ExperimentState, PixelPermutation } from "../../types.js" */
/** @import { TrainedModel } from "./accuracy.js" */
import { persist } from "../../api/reachability.js";
import { build } from "../../dom/build.js";
import { find, setText } from "../../dom/find.js";
import { draw, scaleOf } from "../../dom/svg.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { comparedModels, describeLosses, describeTraining, permuted, points, share } from "./accuracy.js";

const ZOOM = 6;

/**
 * The accuracy of each network on permuted digits, beside the visitor's own digit.
 * @param {HTMLElement} root
 * @param {ExperimentContext} context
 */
export function createPixelPermutation(root, { api, colors, compared, fail }) {
  const plainCanvas = find(root, "#plain-digit", HTMLCanvasElement);
  const permutedCanvas = find(root, "#permuted-digit", HTMLCanvasElement);
  /** @type {PixelPermutation | null} */
  let record = null;
  /** @type {ExperimentState | null} */
  let state = null;

  persist(api.getPixelPermutation, fail).then((response) => {
    record = response;
    showRecord(root, response, comparedModels(response, Object.values(compared)));
    paint();
  }, fail);

  function paint() {
    if (!state) return;
    paintPlane(plainCanvas, state.input, colors().ink, 1);
    if (!record) return;
    paintPlane(permutedCanvas, permuted(state.input, record.permutation), colors().ink, 1);
    root.dataset.painted = "true";
  }

  return {
    /** @param {ExperimentState} newest */
    update(newest) {
      state = newest;
      paint();
    },
    layOut() {
      for (const canvas of [plainCanvas, permutedCanvas]) enlarge(canvas, ZOOM);
      paint();
    },
  };
}

/**
 * @param {HTMLElement} root
 * @param {PixelPermutation} record
 * @param {TrainedModel[]} models
 */
function showRecord(root, record, models) {
  setText(find(root, "#permutation-result", HTMLElement), describeLosses(models));
  setText(find(root, "#permutation-training", HTMLElement), describeTraining(record));
  find(root, "#permutation-figures", HTMLElement).replaceChildren(...models.map((model) => build("tr", { "data-model": model.id },
    build("th", { scope: "row" }, model.name),
    build("td", { title: model.plain.accuracy.map(share).join(", ") }, share(model.plain.mean)),
    build("td", { title: model.permuted.accuracy.map(share).join(", ") }, share(model.permuted.mean)),
    build("td", {}, points(model)))));
  find(root, "#permutation-plot", HTMLElement).replaceChildren(plot(models));
}

/**
 * Dots for single runs, filled for plain digits and hollow for permuted ones, a bar for their mean.
 * @param {TrainedModel[]} models
 */
function plot(models) {
  const width = 640;
  const rowHeight = 44;
  const accuracies = models.flatMap((model) => [...model.plain.accuracy, ...model.permuted.accuracy]);
  const low = Math.floor(100 * Math.min(...accuracies)) / 100;
  const x = scaleOf([low, 1], [150, width - 24]);
  const height = models.length * rowHeight + 40;
  const svg = draw("svg", { class: "plot", viewBox: `0 0 ${width} ${height + 8}`, role: "img", "aria-label": `Accuracy of single runs: ${describeLosses(models)}` });
  for (let percent = Math.round(100 * low); percent <= 100; percent += 1) {
    svg.append(
      draw("line", { class: "axis", x1: x(percent / 100), x2: x(percent / 100), y1: 8, y2: height - 32 }),
      draw("text", { class: "axis", x: x(percent / 100), y: height - 16, "text-anchor": "middle" }, `${percent}%`),
    );
  }
  models.forEach(({ name, plain, permuted: onPermuted }, row) => {
    const y = 8 + (row + 0.5) * rowHeight;
    svg.append(
      draw("text", { x: 0, y: y + 4 }, name),
      draw("line", { class: "span", x1: x(onPermuted.mean), x2: x(plain.mean), y1: y, y2: y }),
    );
    for (const [runs, mark, offset] of /** @type {const} */ ([[plain, "dot", -7], [onPermuted, "ring", 7]])) {
      svg.append(draw("line", { class: "mean", x1: x(runs.mean), x2: x(runs.mean), y1: y - 14, y2: y + 14 }));
      for (const accuracy of runs.accuracy) svg.append(draw("circle", { class: mark, cx: x(accuracy), cy: y + offset, r: 4 }));
    }
  });
  svg.append(
    draw("circle", { class: "dot", cx: 154, cy: height - 2, r: 4 }), draw("text", { class: "axis", x: 163, y: height + 2 }, "plain digits, one run"),
    draw("circle", { class: "ring", cx: 304, cy: height - 2, r: 4 }), draw("text", { class: "axis", x: 313, y: height + 2 }, "permuted digits, one run"),
  );
  return svg;
}
