// @ts-check
/** @import { Arithmetic, LayerDescription, Neuron, Pair, Plane } from "../types.js" */
/** @import { Section } from "../network/selectors.js" */
/** @import { Coloring } from "./equation.js" */
import { build } from "../dom/build.js";
import { setText } from "../dom/find.js";
import { createContributions } from "./contributions-view.js";
import { createEquation } from "./equation.js";
import { sentenceOf } from "./describe-neuron.js";
import { createLensHeader } from "./lens-header.js";
import { createNeuronMaps } from "./neuron-maps.js";
import { createOutcome } from "./outcome.js";
import { createStage } from "../draw/sweep-stage.js";
import { createWaterfall } from "./waterfall.js";

const STAGE_ROOM = 100; // CSS pixels for a map.
const LARGEST_GRID = 8; // Most columns of a patch for which patch, kernel and products fit side by side.

/**
 * @typedef {object} LensView
 * @property {Section} section
 * @property {Neuron} neuron
 * @property {string} name         What the filter responds to; empty if unknown.
 * @property {string | undefined} page  The address of the filter's page, if it has one.
 * @property {boolean} pinned
 * @property {Arithmetic | null} arithmetic  Null until approximate values have arrived.
 * @property {boolean} exact       Whether the values are in single precision; otherwise no numbers are shown.
 * @property {number} decimals
 * @property {string} reads        Name of the input layer, or "input".
 * @property {[number, number]} extent  Rows and columns of the input maps.
 * @property {number[]} order      Input channels, strongest first.
 * @property {number} channel      The input channel whose products are shown.
 * @property {boolean} expanded
 * @property {(channel: number) => Plane} readMapOf
 * @property {(channel: number) => string} nameOfRead
 * @property {(channel: number) => Plane | null} contributionOf
 * @property {Plane | null} map    The neuron's own map, as the page shows it.
 * @property {string} mapName
 * @property {Plane | null} held   The same map of the digit that is held for comparison.
 * @property {number | null} step   The training step of the numbers; null for the finished network.
 * @property {number | null} painted  While the kernel sweeps: cells painted so far.
 * @property {boolean} playing
 * @property {boolean} still       Whether motion is reduced.
 * @property {{reads: Coloring, kernel: Coloring, own: Coloring}} colorings
 */

/**
 * The panel of the lens: the neuron, its arithmetic, and the controls.
 * @param {LayerDescription[]} layers  Those that have a section.
 * @param {import("./lens-header.js").HeaderActions & {choose: (channel: number) => void, expand: () => void}} actions
 * @param {AbortSignal} signal
 */
export function createLensPanel(layers, actions, signal) {
  const header = createLensHeader(layers, actions, signal);
  const title = build("a");
  const sentence = build("span");
  const says = build("p", { class: "says" }, title, sentence);
  const readStage = createStage("reads");
  const neuronMaps = createNeuronMaps(STAGE_ROOM);
  const equation = createEquation();
  const contributions = createContributions(actions, signal);
  const waterfall = createWaterfall();
  const outcome = createOutcome();
  const sums = build("div", { class: "sums" }, waterfall.root, contributions.root);
  const body = build("div", { class: "lens-body", tabindex: "0", role: "region", "aria-label": "The neuron's arithmetic" },
    sums, readStage.root, equation.root, outcome.root, neuronMaps.root);
  const status = build("p", { class: "visually-hidden", role: "status" });
  const root = build("section", { class: "lens", id: "lens", "aria-labelledby": "lens-title", hidden: true }, header.root, says, body, status);

  return {
    root,
    status,
    /** @param {"top" | "bottom"} side */
    show(side) {
      root.dataset.side = side;
      root.hidden = false;
    },
    hide() {
      root.hidden = true;
    },
    focus: header.focus,

    /** @param {LensView} view */
    update(view) {
      const { section: { layer }, arithmetic, painted } = view;
      header.update(view);
      showName(view);
      setText(sentence, `${view.step === null ? "" : `After step ${view.step.toLocaleString("en")} of training. `}${sentenceOf(view)} ${view.pinned ? "Pinned: Escape lets go." : "Click to pin it."}`);
      for (const part of [readStage, outcome]) part.root.hidden = !arithmetic;
      equation.root.hidden = !arithmetic || arithmetic.columns > LARGEST_GRID;
      sums.hidden = !arithmetic?.sums;
      root.dataset.kind = layer.kind;
      root.toggleAttribute("data-many", view.order.length > 1);
      root.toggleAttribute("data-sweeping", painted !== null);
      neuronMaps.update(view);
      if (arithmetic) showArithmetic(view, arithmetic);
    },
  };

  /** @param {LensView} view */
  function showName({ name, page, neuron }) {
    title.hidden = !name;
    setText(title, `Filter ${neuron.filter}: ${name}`);
    if (page) title.href = page;
    else title.removeAttribute("href");
  }

  /** @param {LensView} view  @param {Arithmetic} arithmetic */
  function showArithmetic(view, arithmetic) {
    const { section: { layer }, neuron, exact, decimals, colorings, channel, order, reads } = view;
    const padding = layer.padding ?? [0, 0];
    // If the patch is the whole map, the map is not shown again.
    readStage.root.hidden = layer.kernel_size === null;
    readStage.update({
      plane: view.readMapOf(channel + arithmetic.firstChannel), padding, box: arithmetic.span, painted: Infinity, room: STAGE_ROOM,
      caption: `${reads}${describePadding(padding)}`,
    }, colorings.reads);
    const many = order.length > 1;
    equation.update({
      arithmetic, operation: layer.operation, channel, exact, decimals, colorings, extent: view.extent, dilation: layer.dilation,
      reads: many ? `patch of ${view.nameOfRead(channel + arithmetic.firstChannel)}` : arithmetic.winner === null ? "patch" : `patch of map ${neuron.filter}`,
      kernelName: many ? `kernel ${neuron.filter}, slice ${channel}` : `kernel ${neuron.filter}`,
    });
    outcome.update({ arithmetic, exact, decimals, filter: neuron.filter });
    waterfall.root.hidden = many;
    if (!arithmetic.sums || !arithmetic.products) return;
    if (!many) waterfall.update([...arithmetic.products, arithmetic.bias]);
    contributions.update({
      arithmetic, order, channel: many ? channel : null, expanded: view.expanded, exact, decimals,
      reads, readMapOf: (each) => view.readMapOf(each + arithmetic.firstChannel), nameOfRead: (each) => view.nameOfRead(each + arithmetic.firstChannel), contributionOf: view.contributionOf, colorings,
    });
  }
}

/** @param {Pair} padding */
function describePadding([above, before]) {
  if (!above && !before) return "";
  return above === before ? `, ${above} px of padding` : `, ${above}×${before} px of padding`;
}
