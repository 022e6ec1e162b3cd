// @ts-check
// The lens: one neuron's arithmetic, what it sees and what feeds it. Loaded when it is first wanted.
/** @import { Arithmetic, Box, Digit, LayerDescription, Neuron, Plane, Sources, State, Tensor, Weights } from "../types.js" */
/** @import { Section } from "../state/selectors.js" */
/** @import { Bench, Comparison } from "./lens-wiring.js" */
import { createDigitChannel } from "../api/digit-channel.js";
import { getFile, getWeights, postDigitExactly } from "../api/exact.js";
import { find, findAll, setText } from "../dom.js";
import { cellAt, fieldIn, insideOf, onPad, patchSpan, shareOf } from "../draw/grid-geometry.js";
import { isDark } from "../draw/theme-colors.js";
import { contributionMaps, rectify, strongestFirst, writeOut } from "../state/arithmetic.js";
import { planesOf, shownLayer } from "../state/selectors.js";
import { createLensPanel, SPEEDS } from "../views/lens-panel.js";
import { createNumberDialog } from "../views/number-dialog.js";
import { createReceptiveField } from "../views/receptive-field.js";
import { ALL_DECIMALS, decimalsFor, formatExactly, formatFixed, formatUnits, roundParts } from "../views/rounding.js";

const WEAK = 0.05; // A map that adds less than this share of the strongest is dimmed.
const SPOKEN_AFTER = 500; // Milliseconds of rest before a neuron is read out.

/** `step`: of training; null for the finished network. @typedef {{digit: Digit, step: number | null, layer: string}} Question */

const KEPT_WEIGHTS = 12; // Of layers at steps: more than the lens shows while one digit is looked at.

/**
 * @param {Bench} bench
 * @param {() => Comparison | null} comparison  Once a digit was held.
 */
export function createLens(bench, comparison) {
  const { model, store, sections } = bench;
  const network = find(document, ".network", HTMLElement);
  const roots = new Map(findAll(document, "section.layer", HTMLElement).map((root) => [root.dataset.layer ?? "", root]));
  const padCanvas = find(document, "#pad", HTMLCanvasElement);
  const inputCanvas = find(document, "#input-digit", HTMLCanvasElement);
  const field = createReceptiveField({ pad: padCanvas, input: inputCanvas, sections: roots });
  const numbers = createNumberDialog();
  const narrow = matchMedia("(max-width: 760px)"); // As in the style sheet: there the lens is a sheet at the bottom.
  const stillness = matchMedia("(prefers-reduced-motion: reduce)");
  const panel = createLensPanel(sections.map(({ layer }) => layer), {
    move,
    close: () => close(),
    pin: () => (store.getState().neuron ? store.dispatch({ type: "isolationEnded" }) : pointed && pin(pointed)),
    play: () => (playing ? pause() : play()),
    step,
    speed: (perSecond) => (speed = perSecond),
    choose(wanted) {
      channel = wanted;
      show();
    },
    expand() {
      expanded = !expanded;
      show();
    },
    digits: showEveryDigit,
    values: showValues,
    save,
  });
  find(document, ".workbench", HTMLElement).before(panel.root);
  document.body.append(numbers.root);

  /** Under the pointer or the keyboard, while nothing is pinned. @type {Neuron | null} */
  let pointed = null;
  /** The input channel whose products are shown; null for the strongest. @type {number | null} */
  let channel = null;
  let expanded = false;
  let speed = SPEEDS[1];
  let playing = false;
  /** While the kernel sweeps, how many cells it has painted. @type {number | null} */
  let painted = null;
  /** The map that closing gives the focus back to. @type {HTMLCanvasElement | null} */
  let opener = null;
  let returning = false;

  // --- What the arithmetic is written out from ---------------------------------------------------------------------

  /** The network's own values, for the newest digit that was answered: layer → the maps it reads and paints. */
  let exact = { digit: /** @type {Digit | null} */ (null), step: /** @type {number | null} */ (null), layers: /** @type {Map<string, Record<string, Tensor>>} */ (new Map()) };
  /** By step and layer, the latest last. @type {Map<string, Weights>} */
  const weights = new Map();
  /** @type {Question | null} */
  let asked = null;

  const channelOfDigits = createDigitChannel(
    /** @param {Question} question */
    async (question) => {
      const { layer } = sectionOf(question.layer);
      const names = [readsOf(layer)?.name, layer.name].filter((name) => name !== undefined);
      const [tensors] = await Promise.all([
        postDigitExactly(model.id, question.digit, names, "float32", question.step), fetchWeights(layer, question.step),
      ]);
      return { question, tensors };
    },
    {
      onAnswer({ question: { digit, step, layer }, tensors }) {
        if (exact.digit !== digit || exact.step !== step) exact = { digit, step, layers: new Map() };
        exact.layers.set(layer, tensors);
        show();
      },
      onFailure(error) {
        asked = null;
        bench.fail(error);
      },
    },
  );

  /** @param {LayerDescription} layer  @param {number | null} step */
  async function fetchWeights({ name, parameters }, step) {
    if (!parameters) return;
    const key = `${step}/${name}`;
    const learned = weights.get(key) ?? (await getWeights(model.id, name, step));
    weights.delete(key);
    weights.set(key, learned);
    if (weights.size > KEPT_WEIGHTS) weights.delete(/** @type {string} */ (weights.keys().next().value));
  }

  /** Whose maps the page is to show: those of a step of training, or null for the finished network's. */
  function wantedStep() {
    const { training } = store.getState();
    return training && (training.shown === "held" ? training.pinned : training.step);
  }

  /** Kernels that the page shows, in half precision. @param {string} layer */
  function kernelsShown(layer) {
    const training = store.getState().answer?.training;
    return training ? training.kernelsOf(layer) : bench.kernelsOf(layer);
  }

  /** @param {string} layer */
  function ask(layer) {
    const { digit } = store.getState();
    const step = wantedStep();
    const known = exact.digit === digit && exact.step === step && exact.layers.has(layer);
    if (asked?.digit === digit && asked.step === step && (asked.layer === layer || known)) return;
    asked = { digit, step, layer };
    channelOfDigits.send(asked);
  }

  /** @param {string} name */
  function sectionOf(name) {
    return /** @type {Section} */ (sections.find(({ layer }) => layer.name === name));
  }

  /** @param {LayerDescription} layer  @returns {LayerDescription | undefined} None: it reads the input. */
  function readsOf(layer) {
    return model.layers[model.layers.indexOf(layer) - 1];
  }

  /**
   * The network's own values if they are here; else what the page shows, which is rounded: good for colors, not for
   * numbers.
   * @param {Section} section
   * @returns {{sources: Sources, isExact: boolean} | null}
   */
  function sourcesOf({ layer, after }) {
    const reads = readsOf(layer);
    const own = exact.layers.get(layer.name);
    const learned = weights.get(`${exact.step}/${layer.name}`);
    if (own && (learned || !layer.parameters)) return { sources: pick(own, learned ?? null), isExact: true };
    const { answer } = store.getState();
    const shown = answer?.tensors;
    const kernels = kernelsShown(layer.name);
    const biases = weights.get(`${answer?.training?.step ?? null}/${layer.name}`)?.biases;
    if (!shown || !shown[reads?.name ?? "input"] || (layer.parameters && !kernels)) return null;
    const rough = kernels ? { kernels, biases: biases ?? { shape: [kernels.shape[0]], data: new Float32Array(kernels.shape[0]) } } : null;
    return { sources: { ...pick(shown, rough), own: null }, isExact: false };

    /** @param {Record<string, Tensor>} tensors  @param {Weights | null} kernelsAndBiases  @returns {Sources} */
    function pick(tensors, kernelsAndBiases) {
      const { probabilities } = tensors;
      return {
        reads: reads ? tensors[reads.name] : { shape: [1, ...tensors.input.shape], data: tensors.input.data },
        own: tensors[layer.name] ?? null,
        after: !after ? null
          : after.kind === "relu" ? { kind: "relu" }
          : { kind: "softmax", tensor: { shape: [...probabilities.shape, 1, 1], data: probabilities.data } },
        weights: kernelsAndBiases,
      };
    }
  }

  // --- Showing -----------------------------------------------------------------------------------------------------

  /** @type {{reads: Tensor, kernels: Tensor, filter: number, layer: LayerDescription, maps: Plane[]} | null} */
  let intermediate = null;

  /** The intermediate maps change with the digit and the filter, not with the neuron. @param {LayerDescription} layer  @param {Sources} sources  @param {number} filter */
  function intermediateMaps(layer, { reads, weights: learned }, filter) {
    if (!learned || reads.shape[0] === 1) return [];
    const { kernels } = learned;
    if (intermediate?.reads.data !== reads.data || intermediate.kernels !== kernels || intermediate.filter !== filter || intermediate.layer !== layer) {
      intermediate = { reads, kernels, filter, layer, maps: planesOf(contributionMaps(layer, reads, kernels, filter)) };
    }
    return intermediate.maps;
  }

  function current() {
    return store.getState().neuron ?? pointed;
  }

  function show() {
    const neuron = current();
    if (!neuron) {
      if (!panel.root.hidden) hide();
      return;
    }
    field.measure();
    const section = sectionOf(neuron.layer);
    const { layer } = section;
    ask(layer.name);
    const found = sourcesOf(section);
    const reads = readsOf(layer);
    const extent = /** @type {[number, number]} */ (layer.input_shape.slice(1));
    const arithmetic = found && writeOut(layer, found.sources, neuron, patchSpan(layer, neuron));
    const isExact = found?.isExact ?? false;
    const order = arithmetic?.sums ? strongestFirst(arithmetic.sums) : [];
    const maps = found ? planesOf(found.sources.reads) : [];
    const additions = found ? intermediateMaps(layer, found.sources, neuron.filter) : [];
    const source = shownLayer(section, store.getState().rectified);
    const colorings = coloringsOf(section, source, reads);
    const decimals = decimalsFor(colorings.own.range);
    const kept = order.length > 1 && channel !== null && channel < order.length ? channel : (order[0] ?? 0);
    panel.update({
      section, neuron, arithmetic, exact: isExact, decimals, extent, order, expanded, painted, playing, colorings,
      pinned: Boolean(store.getState().neuron),
      reads: reads?.name ?? "input",
      channel: kept,
      readMapOf: (each) => maps[each],
      contributionOf: (each) => additions[each] ?? null,
      map: mapOf(layer, source, neuron.filter),
      mapName: `map ${neuron.filter} of ${source.name}`,
      held: store.getState().training ? null : (comparison()?.heldMap(source.name, neuron.filter) ?? null),
      step: exact.step,
      still: stillness.matches,
    });
    showField(section, neuron, arithmetic, isExact, decimals);
    if (panel.root.hidden) appear(neuron);
    speakLater(neuron, arithmetic, isExact, decimals);
  }

  /** The neuron's map as the page shows it. @param {LayerDescription} layer  @param {LayerDescription} source  The ReLU behind, or the layer.  @param {number} filter  @returns {Plane | null} */
  function mapOf(layer, source, filter) {
    const own = exact.layers.get(layer.name)?.[layer.name];
    const tensor = (own && (source === layer ? own : rectify(own))) ?? store.getState().answer?.tensors[source.name];
    return tensor ? planesOf(tensor)[filter] : null;
  }

  /** @param {Section} section  @param {LayerDescription} source  @param {LayerDescription | undefined} reads */
  function coloringsOf({ layer }, source, reads) {
    const { diverging, ink } = bench.colors();
    const training = store.getState().answer?.training;
    const kernels = weights.get(`null/${layer.name}`)?.kernels ?? bench.kernelsOf(layer.name);
    return {
      reads: reads ? { scale: diverging, range: reads.display_range[1] } : { scale: ink, range: 1 },
      // Earlier kernels on the finished ones' scale, as the page shows them.
      kernel: { scale: diverging, range: training?.rangeOf(layer.name) || (kernels ? largestOf(kernels) : 1) },
      own: { scale: diverging, range: source.display_range[1] },
    };
  }

  /**
   * @param {Section} section
   * @param {Neuron} neuron
   * @param {Arithmetic | null} arithmetic
   * @param {boolean} isExact
   * @param {number} decimals
   */
  function showField({ layer }, neuron, arithmetic, isExact, decimals) {
    const [, height, width] = layer.output_shape;
    const place = model.layers.indexOf(layer);
    const [inputHeight, inputWidth] = model.layers[0].input_shape.slice(1);
    const onInput = insideOf(fieldIn(layer, neuron, null, [inputHeight, inputWidth]), inputHeight, inputWidth);
    const { digit, answer } = store.getState();
    const framing = answer?.framing;
    /** @type {Map<string, Box>} */
    const layers = new Map();
    for (const { layer: earlier } of sections) {
      if (model.layers.indexOf(earlier) >= place) continue;
      const [, rows, columns] = earlier.output_shape;
      layers.set(earlier.name, shareOf(insideOf(fieldIn(layer, neuron, earlier, [rows, columns]), rows, columns), rows, columns));
    }
    // The pad shows a drawing as drawn; a test digit or an upload as the network reads it.
    const drawn = digit.kind === "strokes" && framing;
    field.update({
      input: shareOf(onInput, inputHeight, inputWidth),
      pad: drawn ? onPad(onInput, framing, inputHeight) : shareOf(onInput, inputHeight, inputWidth),
      layers,
      own: { section: layer.name, filter: neuron.filter, cell: shareOf({ top: neuron.row, left: neuron.column, height: 1, width: 1 }, height, width) },
      feeds: feedsOf(layer, neuron, arithmetic, isExact, decimals),
    });
  }

  /** What each map of the layer before adds to the neuron. @param {LayerDescription} layer  @param {Neuron} neuron  @param {Arithmetic | null} arithmetic  @param {boolean} isExact  @param {number} decimals */
  function feedsOf(layer, neuron, arithmetic, isExact, decimals) {
    const reads = readsOf(layer);
    const section = reads && sections.find((each) => each.layer === reads || each.after === reads);
    if (!section || !arithmetic) return null;
    const sums = arithmetic.sums ?? Float64Array.from({ length: layer.input_shape[0] }, (_, i) => (i === neuron.filter ? arithmetic.computed : 0));
    const strongest = Math.max(...Array.from(sums, Math.abs));
    return {
      section: section.layer.name,
      texts: Array.from(sums, (sum, i) => (!isExact ? "" : arithmetic.sums ? formatFixed(sum, decimals, true) : i === neuron.filter ? "read" : "")),
      weak: Array.from(sums, (sum) => Math.abs(sum) <= WEAK * strongest),
    };
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let speech;

  /** @param {Neuron} neuron  @param {Arithmetic | null} arithmetic  @param {boolean} isExact  @param {number} decimals */
  function speakLater(neuron, arithmetic, isExact, decimals) {
    clearTimeout(speech);
    if (!arithmetic || !isExact || playing) return;
    const { layer, filter, row, column } = neuron;
    const value = arithmetic.after?.kind === "relu" ? Math.max(0, arithmetic.computed) : arithmetic.computed;
    const text = `${layer}, map ${filter}, row ${row}, column ${column}: ${formatFixed(value, decimals)}`;
    speech = setTimeout(() => setText(panel.status, text), SPOKEN_AFTER);
  }

  // --- Opening and closing -----------------------------------------------------------------------------------------

  /** The panel takes the side where the inspected map is not. @param {Neuron} neuron */
  function appear({ layer, filter }) {
    panel.show(narrow.matches ? "bottom" : "top");
    const map = canvasOf(layer, filter).getBoundingClientRect();
    const own = panel.root.getBoundingClientRect();
    if (map.top < own.bottom && map.bottom > own.top) panel.show("bottom");
    document.documentElement.dataset.lens = panel.root.dataset.side;
    document.documentElement.style.setProperty("--lens-height", `${panel.root.offsetHeight}px`);
  }

  function hide() {
    clearTimeout(speech);
    pause();
    painted = null;
    channel = null;
    expanded = false;
    const returns = panel.root.contains(document.activeElement) || document.activeElement === document.body;
    panel.hide();
    field.clear();
    delete document.documentElement.dataset.lens;
    returning = true; // The focus comes back to a map, which must not open what was just closed.
    if (returns) opener?.focus({ preventScroll: true });
    returning = false;
  }

  function close() {
    pointed = null;
    store.dispatch({ type: "isolationEnded" });
    show();
  }

  /** @param {string} layer  @param {number} filter */
  function canvasOf(layer, filter) {
    return findAll(/** @type {HTMLElement} */ (roots.get(layer)), "canvas.map", HTMLCanvasElement)[filter];
  }

  // --- Choosing a neuron -------------------------------------------------------------------------------------------

  /** @param {Neuron} neuron */
  function exists({ layer, filter, row, column }) {
    const shape = sections.find((section) => section.layer.name === layer)?.layer.output_shape;
    return shape !== undefined && [filter, row, column].every((index, axis) => Number.isInteger(index) && index >= 0 && index < shape[axis]);
  }

  /** @param {Neuron} neuron */
  function point(neuron) {
    const before = current();
    pointed = neuron;
    if (!store.getState().neuron) changed(before, neuron);
  }

  /** @param {Neuron} neuron */
  function pin(neuron) {
    pointed = neuron;
    store.dispatch({ type: "neuronPinned", neuron });
  }

  /** Go to another neuron, pinned if the one before was. @param {Neuron} neuron */
  function move(neuron) {
    if (!exists(neuron)) return;
    if (store.getState().neuron) pin(neuron);
    else point(neuron);
    opener = canvasOf(neuron.layer, neuron.filter);
    makeStop(opener);
  }

  /** @param {Neuron | null} before  @param {Neuron} neuron */
  function changed(before, neuron) {
    if (before?.layer !== neuron.layer || before.filter !== neuron.filter) channel = null;
    if (before && (before.layer !== neuron.layer || before.filter !== neuron.filter)) {
      painted = null;
      pause();
    }
    show();
  }

  /** @param {HTMLCanvasElement} map  @param {MouseEvent} event  @returns {Neuron} */
  function neuronAt(map, event) {
    const { layer, filter, rows, columns } = placeOf(map);
    return { layer, filter, ...cellAt(map.getBoundingClientRect(), event.clientX, event.clientY, rows, columns) };
  }

  /** @param {HTMLCanvasElement} map */
  function placeOf(map) {
    const root = /** @type {HTMLElement} */ (map.closest("section.layer"));
    const [, rows, columns] = sectionOf(root.dataset.layer ?? "").layer.output_shape;
    const filter = findAll(root, "canvas.map", HTMLCanvasElement).indexOf(map);
    return { layer: root.dataset.layer ?? "", filter, rows, columns };
  }

  /** One map of each layer can be reached by Tab; the arrow keys do the rest. @param {HTMLCanvasElement} map */
  function makeStop(map) {
    if (map.tabIndex === 0) return;
    const root = /** @type {HTMLElement} */ (map.closest("section.layer"));
    for (const stop of findAll(root, "canvas.map[tabindex]", HTMLCanvasElement)) {
      stop.removeAttribute("tabindex");
      stop.removeAttribute("aria-roledescription");
      stop.removeAttribute("aria-describedby");
      stop.setAttribute("role", "img");
    }
    map.tabIndex = 0;
    map.setAttribute("role", "application");
    map.setAttribute("aria-roledescription", "feature map");
    map.setAttribute("aria-describedby", "lens-keys");
  }

  /** @param {Element} target  @returns {HTMLCanvasElement | null} */
  const mapUnder = (target) => (target instanceof HTMLCanvasElement && target.matches("section.layer canvas.map") ? target : null);

  /** The last layer that sums: what pointing at a class bar is about. */
  const head = sections.findLast(({ layer }) => layer.parameters)?.layer.name ?? "";

  /** @param {Element} target  @returns {Neuron | null} */
  function classUnder(target) {
    const bar = target.closest("#prediction li");
    const filter = bar ? [.../** @type {Element} */ (bar.parentElement).children].indexOf(bar) : -1;
    return filter < 0 ? null : { layer: head, filter, row: 0, column: 0 };
  }

  /** @type {Record<string, (event: any, target: Element) => void>} */
  const handlers = {
    /** @param {PointerEvent} event  @param {Element} target */
    pointermove(event, target) {
      // A finger on the way to a tap points at nothing yet.
      if (event.pointerType === "touch") return;
      const map = mapUnder(target);
      const neuron = map ? neuronAt(map, event) : classUnder(target);
      if (neuron && !same(neuron, pointed)) point(neuron);
      else if (!neuron && pointed && !target.closest(".network, .lens, .prediction, dialog")) {
        pointed = null;
        show();
      }
    },
    /** @param {MouseEvent} event  @param {Element} target */
    click(event, target) {
      const map = mapUnder(target);
      const neuron = map ? neuronAt(map, event) : classUnder(target);
      if (!neuron) return;
      if (map) {
        makeStop(map);
        map.focus({ preventScroll: true });
        opener = map;
      }
      if (same(neuron, store.getState().neuron)) return store.dispatch({ type: "isolationEnded" });
      pin(neuron);
      revealMap(neuron);
    },
    /** @param {FocusEvent} _event  @param {Element} target */
    focusin(_event, target) {
      const map = mapUnder(target);
      if (!map || returning || !map.matches(":focus-visible")) return;
      opener = map;
      const { layer, filter, rows, columns } = placeOf(map);
      const now = current();
      if (now?.layer === layer && now.filter === filter) return;
      const row = Math.min(now?.row ?? rows >> 1, rows - 1);
      const column = Math.min(now?.column ?? columns >> 1, columns - 1);
      if (!store.getState().neuron) point({ layer, filter, row, column });
    },
    /** @param {KeyboardEvent} event  @param {Element} target */
    keydown(event, target) {
      if (event.key === "Escape" && !panel.root.hidden && !document.querySelector("dialog[open]")) return close();
      const map = mapUnder(target);
      if (!map || event.ctrlKey || event.metaKey || event.altKey) return;
      const { layer, filter, rows, columns } = placeOf(map);
      const now = current();
      const here = now?.layer === layer && now.filter === filter ? now : { layer, filter, row: rows >> 1, column: columns >> 1 };
      const next = steppedBy(event, here, rows, columns);
      if (event.key === "Enter") {
        if (same(here, store.getState().neuron)) panel.focus();
        else pin(here);
      } else if (event.key === " ") {
        step();
      } else if (next) {
        if (exists(next)) {
          move(next);
          if (next.filter !== filter) canvasOf(layer, next.filter).focus();
        }
      } else {
        return;
      }
      event.preventDefault();
    },
  };

  /** @param {KeyboardEvent} event  @param {Neuron} here  @param {number} rows  @param {number} columns  @returns {Neuron | null} */
  function steppedBy({ key }, here, rows, columns) {
    switch (key) {
      case "ArrowLeft": return { ...here, column: here.column - 1 };
      case "ArrowRight": return { ...here, column: here.column + 1 };
      case "ArrowUp": return { ...here, row: here.row - 1 };
      case "ArrowDown": return { ...here, row: here.row + 1 };
      case "Home": return { ...here, column: 0 };
      case "End": return { ...here, column: columns - 1 };
      case "PageUp": return { ...here, filter: here.filter - 1 };
      case "PageDown": return { ...here, filter: here.filter + 1 };
      default: return null;
    }
  }

  /** On a phone the sheet may lie upon the map that was tapped. @param {Neuron} neuron */
  function revealMap({ layer, filter }) {
    const map = canvasOf(layer, filter);
    const box = map.getBoundingClientRect();
    const own = panel.root.getBoundingClientRect();
    if (box.bottom > own.top && box.top < own.bottom) map.scrollIntoView({ block: "center", behavior: "instant" });
  }

  // --- Sweeping ----------------------------------------------------------------------------------------------------

  let frame = 0;

  function play() {
    const neuron = current();
    if (!neuron || stillness.matches) return;
    pin(painted === null || atEnd(neuron) ? { ...neuron, row: 0, column: 0 } : neuron);
    painted = cellsUpTo(/** @type {Neuron} */ (current()));
    playing = true;
    /** When the frame before was shown; none was yet. @type {number | null} */
    let last = null;
    let due = 0;
    /** @param {number} now */
    const tick = (now) => {
      due += ((now - (last ?? now)) / 1000) * speed;
      last = now;
      const steps = Math.floor(due);
      due -= steps;
      if (steps) advance(steps);
      frame = playing ? requestAnimationFrame(tick) : 0;
    };
    frame = requestAnimationFrame(tick);
    show();
  }

  function pause() {
    if (!playing) return;
    playing = false;
    cancelAnimationFrame(frame);
  }

  function step() {
    const neuron = current();
    if (!neuron) return;
    if (playing) {
      pause();
      show();
      return;
    }
    if (painted === null || atEnd(neuron)) {
      painted = 1;
      pin({ ...neuron, row: 0, column: 0 });
      show();
    } else {
      advance(1);
    }
  }

  /** The next neurons in reading order. @param {number} steps */
  function advance(steps) {
    const neuron = /** @type {Neuron} */ (current());
    const [, rows, columns] = sectionOf(neuron.layer).layer.output_shape;
    const cell = Math.min(neuron.row * columns + neuron.column + steps, rows * columns - 1);
    const next = { ...neuron, row: Math.floor(cell / columns), column: cell % columns };
    painted = cell + 1;
    if (atEnd(next)) pause();
    pin(next);
  }

  /** @param {Neuron} neuron */
  function cellsUpTo({ layer, row, column }) {
    return row * sectionOf(layer).layer.output_shape[2] + column + 1;
  }

  /** @param {Neuron} neuron */
  function atEnd({ layer, row, column }) {
    const [, rows, columns] = sectionOf(layer).layer.output_shape;
    return row === rows - 1 && column === columns - 1;
  }

  // --- Tables and files --------------------------------------------------------------------------------------------

  function showEveryDigit() {
    const neuron = current();
    if (!neuron) return;
    const section = sectionOf(neuron.layer);
    const found = sourcesOf(section);
    if (!found?.isExact) return;
    const arithmetic = writeOut(section.layer, found.sources, neuron, patchSpan(section.layer, neuron));
    const { patch, kernel, products, rows, columns, bias, computed, stored, after } = arithmetic;
    if (!kernel || !products) return;
    const ledger = roundParts([...products, bias], computed, ALL_DECIMALS);
    /** @param {number} units */
    const text = (units) => formatUnits(units, ALL_DECIMALS);
    const reads = readsOf(section.layer)?.name ?? "input";
    numbers.open({
      title: nameOf(neuron),
      note: `Patch and kernel as the network holds them; products and sums in double precision, to ${ALL_DECIMALS} decimals. `
        + "“Rounding” is what the rounded products lack to the rounded sum; “stored” is the network's own single-precision result.",
      columns: [`${reads}: map, row, column`, "patch", "× kernel", "= product"],
      rows: [
        ...Array.from(products, (_, i) => {
          const cell = i % (rows * columns);
          const [map, row, column] = [Math.floor(i / (rows * columns)), arithmetic.span.top + Math.floor(cell / columns), arithmetic.span.left + (cell % columns)];
          return [`${map}, ${row}, ${column}`, formatExactly(patch[i]), formatExactly(kernel[i]), text(ledger.parts[i])];
        }),
        ["bias", "", formatExactly(bias), text(/** @type {number} */ (ledger.parts.at(-1)))],
        ["rounding", "", "", text(ledger.rounding)],
        ["sum", "", "", text(ledger.total)],
        ...(stored === null ? [] : [["stored", "", "", formatExactly(stored)], ["stored − sum", "", "", formatExactly(stored - computed)]]),
        ...(after ? [[after.kind === "relu" ? "after ReLU" : "after softmax", "", "", formatExactly(after.stored)]] : []),
      ],
    });
  }

  async function showValues() {
    const neuron = current();
    if (!neuron) return;
    const source = shownLayer(sectionOf(neuron.layer), store.getState().rectified);
    try {
      const step = wantedStep();
      const tensors = await postDigitExactly(model.id, store.getState().digit, [source.name], "float32", step);
      const { width, data } = planesOf(tensors[source.name])[neuron.filter];
      numbers.open({
        title: `Map ${neuron.filter} of ${source.name}`,
        note: `As the network stored them${step === null ? "" : ` after step ${step.toLocaleString("en")}`}, in single precision.`,
        columns: ["row", ...Array.from({ length: width }, (_, column) => `column ${column}`)],
        rows: Array.from({ length: data.length / width }, (_, row) => [String(row), ...Array.from(data.subarray(row * width, (row + 1) * width), formatExactly)]),
      });
    } catch (error) {
      bench.fail(error);
    }
  }

  /** @param {string} what  @param {string} format */
  async function save(what, format) {
    const neuron = current();
    if (!neuron) return;
    const section = sectionOf(neuron.layer);
    const step = wantedStep();
    const name = what === "kernels" ? section.layer.name : shownLayer(section, store.getState().rectified).name;
    const filter = what === "map" ? neuron.filter : null;
    try {
      const file = await getFile(model.id, what === "kernels" ? null : store.getState().digit, {
        layer: name, filter, format: /** @type {"png" | "safetensors" | "npz"} */ (format), theme: isDark() ? "dark" : "light",
        checkpoint: step,
      });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = `${[model.id, ...(step === null ? [] : [`step-${step}`]), name, what === "kernels" ? "kernels" : filter === null ? "maps" : `map-${filter}`].join("-")}.${format}`;
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      bench.fail(error);
    }
  }

  // --- Start -------------------------------------------------------------------------------------------------------

  store.subscribe(
    /** @param {State} state  @param {State} previous */
    (state, previous) => {
      if (state.neuron !== previous.neuron) {
        if (state.neuron && !exists(state.neuron)) return store.dispatch({ type: "isolationEnded" });
        if (!state.neuron) pause();
        if (state.neuron) changed(previous.neuron ?? pointed, state.neuron);
        else show();
      } else if (state.digit !== previous.digit || state.training !== previous.training) {
        const neuron = current();
        if (neuron) ask(neuron.layer);
      } else if (state.answer !== previous.answer || state.rectified !== previous.rectified) {
        if (current()) show();
      }
    },
  );
  const { neuron: wanted } = store.getState();
  if (wanted && !exists(wanted)) store.dispatch({ type: "isolationEnded" });
  else if (wanted) {
    makeStop(canvasOf(wanted.layer, wanted.filter));
    opener = canvasOf(wanted.layer, wanted.filter);
    show();
    opener.scrollIntoView({ block: "center", behavior: "instant" });
  }

  return {
    /** @param {Event} event */
    handle(event) {
      if (event.target instanceof Element) handlers[event.type]?.(event, event.target);
    },
    /** Colors or sizes have changed. */
    repaint() {
      if (!panel.root.hidden) show();
    },
  };

  /** @param {Neuron} neuron */
  function nameOf({ layer, filter, row, column }) {
    return `${layer}, map ${filter}, row ${row}, column ${column}`;
  }
}

/** @param {Neuron} one  @param {Neuron | null} other */
function same(one, other) {
  return other !== null && one.layer === other.layer && one.filter === other.filter && one.row === other.row && one.column === other.column;
}

/** @param {Tensor} tensor */
function largestOf({ data }) {
  let largest = 0;
  for (const value of data) largest = Math.max(largest, Math.abs(value));
  return largest;
}
