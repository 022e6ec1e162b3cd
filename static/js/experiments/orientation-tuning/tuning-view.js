// @ts-check
// The measured tuning curves: a card for each filter, a sentence, and the selectivity of all groups on one axis.
/** @import { OrientationTuning, Plane, Tensor, ThemeColors, TuningGroup } from "../../types.js" */
import { build, resizeList } from "../../dom/build.js";
import { find } from "../../dom/find.js";
import { largestAbsolute } from "../../draw/largest.js";
import { createLegend } from "../../network/legend.js";
import { planesOf } from "../../network/selectors.js";
import { plotSelectivity } from "./selectivity-plot.js";
import { chooseFilters, countVerdicts, kernelPlanes } from "./summary.js";
import { createTuningCard } from "./tuning-card.js";

/**
 * @param {TuningGroup[]} groups
 * @param {(words: string) => void} announce
 */
export function createTuningView(groups, announce) {
  const list = find(document, "#tuning-cards", HTMLElement);
  const legends = find(document, "#tuning-legends", HTMLElement);
  const weightsLegend = createLegend(legends, "weights");
  const mapsLegend = createLegend(legends, "maps");
  /** By group, for the newest bar that was measured. @type {Map<string, OrientationTuning>} */
  const tunings = new Map();
  /** @type {ReturnType<typeof createTuningCard>[]} */
  const cards = [];
  /** @type {HTMLElement[]} */
  const items = [];
  let group = groups[0];
  /** Numbers of the filters that the cards show. @type {number[]} */
  let filters = [];
  /** The filter that is pointed at. @type {number | null} */
  let marked = null;

  function showPlot() {
    const [measured] = tunings.values();
    const rows = groups.map(({ id, label }) => ({ id, name: label, filters: tunings.get(id)?.layers[0].filters ?? null }));
    const mark = marked === null ? null : { group: group.id, filter: marked };
    if (measured) find(document, "#selectivity-plot", HTMLElement).replaceChildren(plotSelectivity(rows, measured.selective_from, mark));
  }

  function showCards() {
    const tuning = tunings.get(group.id);
    if (!tuning) return;
    const [own, pooled] = tuning.layers;
    filters = chooseFilters(own.filters);
    resizeList(list, items, filters.length, (i) => {
      cards[i] = createTuningCard(() => {
        if (marked === filters[i]) return;
        marked = filters[i];
        showPlot();
      });
      return cards[i].root;
    });
    cards.length = filters.length;
    filters.forEach((filter, i) => {
      cards[i].name(group.noun === "neurons" ? "neuron" : "filter", filter);
      cards[i].showTuning(tuning.angles, own.filters[filter], pooled?.filters[filter] ?? null);
    });
    Object.assign(list.dataset, { group: group.id, model: tuning.model, bar: JSON.stringify(tuning.bar), measure: tuning.measure });
    showSentence(tuning);
  }

  /** @param {OrientationTuning} tuning */
  function showSentence({ layers: [{ filters: all }] }) {
    const { selective, notSelective, inactive } = countVerdicts(all);
    const rest = filters.length < all.length ? ` Below: the ${filters.length} with the largest activations.` : "";
    find(document, "#tuning-sentence", HTMLElement).replaceChildren(
      build("b", {}, `${selective} of ${all.length}`), ` ${group.noun} are selective for the bar’s angle, `, build("b", {}, String(notSelective)), ` ${verb(notSelective)} not, `,
      build("b", {}, String(inactive)), ` ${verb(inactive)} never activated by it.${rest}`,
    );
    announce(`${group.label}: ${selective} of ${all.length} selective, ${notSelective} not, ${inactive} inactive.`);
  }

  return {
    /** @param {TuningGroup} chosen */
    choose(chosen) {
      if (chosen !== group) marked = null;
      group = chosen;
      showCards();
      showPlot();
    },
    /** @param {{id: string, tuning: OrientationTuning}[]} measured */
    show(measured) {
      for (const { id, tuning } of measured) tunings.set(id, tuning);
      showCards();
      showPlot();
    },
    /** @param {number} angle  Of the bar that is shown now. */
    point(angle) {
      for (const { polar } of cards) polar.point(angle);
    },
    /** @param {Tensor | undefined} kernels  Of the group's layer. @param {ThemeColors} colors */
    paintKernels(kernels, colors) {
      if (!kernels) return;
      const range = largestAbsolute(kernels.data);
      weightsLegend.update([-range, range], colors.diverging);
      kernelPlanes(kernels, group, filters).forEach((plane, i) => cards[i].showKernel(plane, range, colors));
    },
    /** @param {Tensor | null} maps  Of the group's ReLU layer. @param {ThemeColors} colors */
    paintMaps(maps, colors) {
      if (!maps) return;
      const planes = planesOf(maps);
      // The same scale before and after training, so that colors can be compared.
      mapsLegend.update([0, group.largest], colors.diverging, true);
      filters.forEach((filter, i) => cards[i].showMap(/** @type {Plane} */ (planes[filter]), group.largest, colors));
    },
  };
}

/** @param {number} count */
const verb = (count) => (count === 1 ? "is" : "are");
