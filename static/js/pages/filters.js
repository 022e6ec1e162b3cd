// @ts-check
// Feature visualization of every filter; a layer's pictures are requested when it comes near the screen.
/** @import { ModelDescription, PageData, Tensor } from "../types.js" */
import { getVisualizations } from "../api/filters.js";
import { getFilterNames } from "../api/kernels.js";
import { persist } from "../api/reachability.js";
import { build } from "../dom/build.js";
import { find, findAll } from "../dom/find.js";
import { enlarge, paintPlane } from "../draw/plane.js";
import { themeColors } from "../draw/color-scale.js";
import { planesOf } from "../network/selectors.js";
import { createProblemNote } from "../shell/problem-note.js";

const SIZE = 72; // CSS pixels of a picture, about.

/** @type {{model: ModelDescription, colormaps: PageData["colormaps"]}} */
const { model, colormaps } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
const { show: fail } = createProblemNote();
/** @type {Map<HTMLElement, Record<string, Tensor>>} */
const known = new Map();

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) fetchPictures(/** @type {HTMLElement} */ (target));
}, { rootMargin: "300px" });

/** @param {HTMLElement} section */
async function fetchPictures(section) {
  watcher.unobserve(section);
  try {
    known.set(section, await persist(() => getVisualizations(model.id, section.dataset.layer ?? ""), fail));
    paint(section);
  } catch (error) {
    fail(error);
  }
}

/** @param {HTMLElement} section */
function paint(section) {
  const tensors = known.get(section);
  if (!tensors) return;
  const { ink } = themeColors(colormaps);
  const planes = planesOf(tensors.mean_patches);
  findAll(section, ".visualizations a", HTMLAnchorElement).forEach((link, filter) => {
    paintPlane(find(link, "canvas", HTMLCanvasElement), planes[filter], ink, 1);
    link.toggleAttribute("data-dead", tensors.strongest.data[filter] <= 0);
  });
  section.dataset.painted = "true";
}

/** The names of the first layer's filters under their pictures. */
async function showNames() {
  const { layer, filters } = await persist(() => getFilterNames(model.id), fail);
  const section = document.querySelector(`[data-layer="${layer}"]`);
  if (!section) return;
  const links = findAll(section, ".visualizations a", HTMLAnchorElement);
  for (const { filter, name, kind } of filters) if (kind !== "inactive") links[filter].append(build("small", { class: "filter-name" }, name));
  section.setAttribute("data-named", "");
}

showNames().catch(fail);
const sections = findAll(document, "[data-layer]", HTMLElement);
for (const section of sections) {
  for (const canvas of findAll(section, "canvas", HTMLCanvasElement)) enlarge(canvas, Math.max(2, Math.round(SIZE / canvas.width)));
  watcher.observe(section);
}
const repaint = () => sections.forEach(paint);
document.documentElement.addEventListener("themechange", repaint);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
