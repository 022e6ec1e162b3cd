// @ts-check
// The lens: one neuron's arithmetic, its receptive field and the contributions to it. Loaded when it is first needed.
/** @import { Bench, Neuron, State } from "../types.js" */
/** @import { Section } from "../network/selectors.js" */
/** @import { Comparison } from "./lens-loader.js" */
import { find } from "../dom/find.js";
import { createExport } from "./export.js";
import { createLensPanel } from "./lens-panel.js";
import { createMapElements } from "./map-elements.js";
import { neuronExists, sameMap } from "./neurons.js";
import { createPicking } from "./picking.js";
import { createPresentation } from "./presentation.js";
import { createSelection } from "./selection.js";
import { createSweep, isDialogOpen } from "./sweep.js";
import { createValues } from "./values.js";
import { createVisibility } from "./visibility.js";

/**
 * @param {Bench} bench
 * @param {() => Comparison | null} comparison  Null until a digit is held.
 */
export function createLens(bench, comparison) {
  const { store, sections, signal } = bench;
  const stillness = matchMedia("(prefers-reduced-motion: reduce)");
  /** The input channel whose products are shown, null for the strongest; and whether all channels are listed. */
  const chosen = { channel: /** @type {number | null} */ (null), expanded: false };

  /** @param {string} name */
  const sectionOf = (name) => /** @type {Section} */ (sections.find(({ layer }) => layer.name === name));
  const values = createValues(bench, show);
  const selection = createSelection(store, changed);
  const sweep = createSweep({
    selection, shapeOf: (layer) => sectionOf(layer).layer.output_shape, isStill: () => stillness.matches, onChange: show,
    isBlank: (neuron) => values.isBlank(sectionOf(neuron.layer), neuron), isBlocked: isDialogOpen,
  });
  const maps = createMapElements(sections);
  const files = createExport(bench, values, () => {
    const neuron = selection.current();
    return neuron && { neuron, section: sectionOf(neuron.layer) };
  });
  const panel = createLensPanel(sections.map(({ layer }) => layer), {
    move: (neuron) => picking.move(neuron),
    close,
    pin: selection.togglePin,
    play: sweep.toggle,
    step: sweep.step,
    speed: sweep.setSpeed,
    choose: (channel) => choose({ channel }),
    expand: () => choose({ expanded: !chosen.expanded }),
    decimals: files.showAllDecimals,
    values: files.showValues,
    code: files.showCode,
    save: files.save,
  }, signal);
  const visibility = createVisibility(panel, maps);
  const picking = createPicking({
    sections, maps, selection, visibility, enter: panel.focus, step: sweep.step, close,
    leave() {
      selection.leave();
      show();
    },
  });
  const presentation = createPresentation(bench, values, panel, maps.roots);
  find(document, ".workbench", HTMLElement).before(panel.root);

  function show() {
    const neuron = selection.current();
    if (!neuron) {
      if (!visibility.isHidden()) hide();
      return;
    }
    presentation.show(neuron, sectionOf(neuron.layer), {
      ...chosen,
      pinned: Boolean(selection.pinned()),
      painted: sweep.painted(),
      playing: sweep.isPlaying(),
      still: stillness.matches,
      heldMap: store.getState().training ? null : (comparison()?.heldMap ?? null),
    });
    if (visibility.isHidden()) visibility.appear(neuron);
  }

  function hide() {
    presentation.clear();
    sweep.end();
    chosen.channel = null;
    chosen.expanded = false;
    visibility.hide();
  }

  function close() {
    selection.leave();
    selection.unpin();
    show();
  }

  /** @param {Partial<typeof chosen>} change */
  function choose(change) {
    Object.assign(chosen, change);
    show();
  }

  /** @param {Neuron | null} before  @param {Neuron} neuron */
  function changed(before, neuron) {
    if (!sameMap(neuron, before)) {
      chosen.channel = null;
      if (before) sweep.end();
    }
    show();
  }

  /** @param {State} state  @param {State} previous */
  function follow(state, previous) {
    if (state.neuron !== previous.neuron) {
      if (state.neuron && !neuronExists(sections, state.neuron)) return selection.unpin();
      if (!state.neuron) sweep.pause();
      if (state.neuron) changed(previous.neuron ?? selection.pointed(), state.neuron);
      else show();
    } else if (state.digit !== previous.digit || state.training !== previous.training) {
      const neuron = selection.current();
      if (neuron) values.request(neuron.layer);
    } else if (state.response !== previous.response || state.rectified !== previous.rectified) {
      if (selection.current()) show();
    }
  }

  const unsubscribe = store.subscribe(follow);
  document.addEventListener("visibilitychange", () => document.hidden && sweep.pause(), { signal });
  signal.addEventListener("abort", () => {
    unsubscribe();
    sweep.pause();
    presentation.stop();
  }, { once: true });
  openFromAddress(bench, { maps, selection, visibility, show });

  return {
    handle: picking.handle,
    openFrom: visibility.openedFrom, // The map that shows the neuron pinned next.
    repaint: () => visibility.isHidden() || show(),
  };
}

/**
 * Show the neuron of the address, if it names one.
 * @param {Bench} bench
 * @param {object} lens
 * @param {import("./map-elements.js").MapElements} lens.maps
 * @param {import("./selection.js").Selection} lens.selection
 * @param {import("./visibility.js").Visibility} lens.visibility
 * @param {() => void} lens.show
 */
function openFromAddress({ store, sections }, { maps, selection, visibility, show }) {
  const { neuron } = store.getState();
  if (!neuron) return;
  if (!neuronExists(sections, neuron)) return selection.unpin();
  const map = maps.elementOf(neuron);
  maps.makeTabStop(map);
  visibility.openedFrom(map);
  show();
  map.scrollIntoView({ block: "center", behavior: "instant" });
}
