// @ts-check
// Every filter by what it looks for; a layer's pictures are fetched when it comes near the screen.
/** @import { ModelDescription, PageData, Tensor } from "../types.js" */
import { getPortraits } from "../api/filters.js";
import { find, findAll } from "../dom.js";
import { enlarge, paintPlane } from "../draw/plane.js";
import { themeColors } from "../draw/theme-colors.js";
import { planesOf } from "../state/selectors.js";
import { createProblemNote } from "./problem-note.js";

const SIZE = 72; // CSS pixels of a picture, about.

/** @type {{model: ModelDescription, colormaps: PageData["colormaps"]}} */
const { model, colormaps } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
const { show: fail } = createProblemNote();
/** @type {Map<HTMLElement, Record<string, Tensor>>} */
const known = new Map();

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) bring(/** @type {HTMLElement} */ (target));
}, { rootMargin: "300px" });

/** @param {HTMLElement} section */
async function bring(section) {
  watcher.unobserve(section);
  try {
    known.set(section, await getPortraits(model.id, section.dataset.layer ?? ""));
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
  findAll(section, ".portraits a", HTMLAnchorElement).forEach((link, filter) => {
    paintPlane(find(link, "canvas", HTMLCanvasElement), planes[filter], ink, 1);
    link.toggleAttribute("data-silent", tensors.strongest.data[filter] <= 0);
  });
  section.dataset.painted = "true";
}

const sections = findAll(document, "[data-layer]", HTMLElement);
for (const section of sections) {
  for (const canvas of findAll(section, "canvas", HTMLCanvasElement)) enlarge(canvas, Math.max(2, Math.round(SIZE / canvas.width)));
  watcher.observe(section);
}
const repaint = () => sections.forEach(paint);
document.documentElement.addEventListener("themechange", repaint);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
