// @ts-check
// Feature visualization of one filter.
/** @import { LayerDescription, ModelDescription, PageData, Tensor } from "../types.js" */
/** @import { Visualization } from "../experiments/feature-visualization/filter-view.js" */
import { getVisualization } from "../api/filters.js";
import { getFilterNames, requestKernels } from "../api/kernels.js";
import { persist } from "../api/reachability.js";
import { wireCode } from "../code/show-code.js";
import { build } from "../dom/build.js";
import { find } from "../dom/find.js";
import { themeColors } from "../draw/color-scale.js";
import { describeName } from "../experiments/feature-visualization/filter-name.js";
import { paintKernel, paintVisualization } from "../experiments/feature-visualization/filter-view.js";
import { createLegend } from "../network/legend.js";
import { createProblemNote } from "../shell/problem-note.js";

/** @type {{model: ModelDescription, layer: LayerDescription, filter: number, colormaps: PageData["colormaps"]}} */
const { model, layer, filter, colormaps } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
const { show: fail } = createProblemNote();
const legend = createLegend(find(document, "#kernel-legend", HTMLElement), "weights");
// A dead filter has no strongest patches.
const isDead = !document.querySelector("#favorites");

/** @type {Visualization | null} */
let visualization = null;
/** @type {Tensor | null} */
let kernels = null;

function paint() {
  const colors = themeColors(colormaps);
  if (kernels) paintKernel(kernels, filter, legend, colors);
  if (!visualization || isDead) return;
  paintVisualization(visualization, layer, colors);
  document.body.dataset.painted = "true";
}

document.documentElement.addEventListener("themechange", paint);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const link = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  if (link) document.querySelector(`a[rel="${link}"]`)?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
});

persist(() => getVisualization(model.id, layer.name, filter), fail).then((received) => {
  visualization = received;
  paint();
}, fail);
persist(() => getFilterNames(model.id), fail).then((names) => {
  if (names.layer !== layer.name) return;
  const note = find(document, "#filter-name", HTMLElement);
  const { name, explanation } = describeName(names, filter);
  note.replaceChildren("Strongest stimulus: ", build("b", {}, name), `. ${explanation}`);
  note.hidden = false;
}, fail);
persist(() => requestKernels(model.id, layer.name), fail).then((received) => {
  kernels = received.kernels;
  paint();
}, fail);
wireCode({ model: model.id, fail }, { filter: () => ({ fields: { layer: layer.name, filter } }) });
