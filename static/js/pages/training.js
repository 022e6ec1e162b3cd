// @ts-check
// The training history as a slider: kernels, maps and prediction by the weights of an earlier step. Loaded when it is
// first opened.
/** @import { Answer, Digit, Question, Tensor, TrainingView } from "../types.js" */
/** @import { Bench } from "./lens-wiring.js" */
import { getHistory, getKernelsAt, postDigitAt } from "../api/checkpoints.js";
import { build } from "../dom-build.js";
import { find, findAll } from "../dom.js";
import { differenceOf } from "../state/arithmetic.js";
import { createCheckpointStore } from "../state/checkpoint-store.js";
import { formatValue } from "../views/legend.js";
import { createTrainingPanel } from "../views/training-panel.js";

const NEAR = "300px"; // As for the maps: what is so near the screen may come into view before an answer does.
const PACE = 350; // Milliseconds that playing rests on a checkpoint: long enough to see what changed.
const RESTED = 150; // Milliseconds without a new digit: while the pen moves, the neighbors of an outdated one help nobody.

/** @param {Bench} bench */
export async function createTraining(bench) {
  const { model, store, sections } = bench;
  const { checkpoints, epochs } = await getHistory(model.id);
  const steps = checkpoints.map(({ step }) => step);
  const last = steps[steps.length - 1];
  const known = createCheckpointStore();
  const toggleButton = find(document, "#training", HTMLButtonElement);
  const hold = find(document, "#hold", HTMLButtonElement);
  const stillness = matchMedia("(prefers-reduced-motion: reduce)");
  const panel = createTrainingPanel({ checkpoints, epochs }, {
    choose(index) {
      pause();
      choose(index);
    },
    play: () => (playing ? pause() : play()),
    pin,
    compare: (shown) => view && dispatch({ ...view, shown }),
    rescale() {
      rescaled = !rescaled;
      shownKernels.clear();
      bench.repaint();
    },
    close: () => toggle(),
  });
  find(document, ".network", HTMLElement).prepend(panel.root);
  find(document, "#prediction", HTMLElement).before(panel.note);
  toggleButton.after(panel.rescale);
  // Layers below are scrolled to, and the lens opens, beneath the slider.
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--training-height", `${panel.root.offsetHeight}px`);
    panel.layOut();
  }).observe(panel.root);

  let open = false;
  let playing = false;
  /** Whether each step's kernels have a scale of their own. */
  let rescaled = false;
  /** The checkpoint that the slider stands at. */
  let index = steps.length - 1;

  // --- What is known, and what is asked ----------------------------------------------------------------------------

  const roots = new Map(findAll(document, "section.layer", HTMLElement).map((root) => [root.dataset.layer ?? "", root]));
  const learning = sections.filter(({ layer }) => layer.parameters).map(({ layer }) => layer.name);
  /** Layers with kernels on the screen or near it. @type {Set<string>} */
  const near = new Set();
  /** Of the finished kernels, the largest weight of each layer. @type {Map<string, number>} */
  const ranges = new Map();

  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) near[isIntersecting ? "add" : "delete"](/** @type {HTMLElement} */ (target).dataset.layer ?? "");
    showNewKernels();
  }, { rootMargin: NEAR });

  /**
   * What a step's network makes of a digit, and its kernels near the screen; together, so that they are seen together.
   * @param {Digit} digit
   * @param {string[]} layers
   * @param {number} step
   * @param {AbortSignal} [signal]
   */
  async function load(digit, layers, step, signal) {
    const [answer] = await Promise.all([loadMaps(digit, layers, step, signal), loadKernels(step, signal)]);
    return answer;
  }

  /** @param {Digit} digit  @param {string[]} layers  @param {number} step  @param {AbortSignal} [signal] */
  async function loadMaps(digit, layers, step, signal) {
    const answer = known.answerAt(digit, step);
    const missing = layers.filter((name) => !answer?.tensors[name]);
    if (answer && !missing.length) return known.keepAnswer(step, answer);
    return known.keepAnswer(step, await postDigitAt(model.id, digit, missing, step, signal));
  }

  /** @param {number} step  @param {AbortSignal} [signal] */
  async function loadKernels(step, signal) {
    // The last checkpoint's kernels are the finished ones, rounded: they give all the others their scale.
    const wanted = [...near].flatMap((layer) => [[layer, step], ...(ranges.has(layer) ? [] : [[layer, last]])]);
    await Promise.all(wanted.map(async ([layer, at]) => {
      const name = String(layer);
      const tensor = known.kernelsAt(name, Number(at)) ?? (await getKernelsAt(model.id, name, Number(at), signal));
      known.keepKernels(name, Number(at), tensor);
      if (at === last) ranges.set(name, largestOf(tensor));
    }));
  }

  /** One question at a time: what is wanted now ends whatever was only fetched ahead. */
  let ahead = new AbortController();
  /** @type {{digit: Digit, step: number, done: Promise<unknown>} | null} */
  let fetching = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let rest;
  /** @type {Digit | null} */
  let latest = null;

  /**
   * Answer a question as the page shows it now.
   * @param {Question} question
   * @param {number} sequence
   * @returns {Promise<Answer>}
   */
  async function post({ digit, layers, training }, sequence) {
    clearTimeout(rest);
    // A link's step may have turned out to be none, and have become another.
    const asked = store.getState().training ?? /** @type {TrainingView} */ (training);
    const own = asked.pinned !== null && asked.shown === "held" ? asked.pinned : asked.step;
    const other = asked.pinned !== null && asked.shown === "difference" ? asked.pinned : null;
    if (fetching?.digit === digit && (fetching.step === own || fetching.step === other)) await fetching.done.catch(() => {});
    ahead.abort();
    ahead = new AbortController();
    const { signal } = ahead;
    const [answer, against] = await Promise.all([load(digit, layers, own), other === null ? null : load(digit, layers, other)]);
    // By now other layers may be near.
    for (const step of [own, other]) if (step !== null) await loadKernels(step);
    const rests = latest === digit;
    latest = digit;
    rest = setTimeout(() => fetchAhead(digit, layers, asked, signal), rests ? 0 : RESTED);
    return compose({ ...answer, sequence }, asked, own, against);
  }

  /**
   * @param {Answer} answer
   * @param {TrainingView} asked
   * @param {number} step
   * @param {Answer | null} against
   * @returns {Answer}
   */
  function compose(answer, asked, step, against) {
    const shown = against ? { ...answer, compared: true, tensors: differences(answer.tensors, against.tensors) } : answer;
    const training = {
      view: asked, step, shown,
      kernelsOf: /** @param {string} layer */ (layer) => known.kernelsAt(layer, step),
      rangeOf: /** @param {string} layer */ (layer) => ranges.get(layer) ?? NaN,
    };
    shown.training = training;
    return { ...answer, training };
  }

  /** The steps beside the one shown, so that they are there when the slider moves on. @param {Digit} digit  @param {string[]} layers  @param {TrainingView} around  @param {AbortSignal} signal */
  async function fetchAhead(digit, layers, around, signal) {
    const at = steps.indexOf(around.step);
    try {
      for (const neighbor of [at + heading, at - heading, at + 2 * heading]) {
        // Whoever has left the history by now needs none of it.
        if (signal.aborted || !store.getState().training) return;
        if (!(neighbor in steps)) continue;
        fetching = { digit, step: steps[neighbor], done: load(digit, layers, steps[neighbor], signal) };
        await fetching.done;
      }
    } catch {
      // Nobody waits for it; if it is wanted, asking again will tell what is wrong.
    }
    fetching = null;
  }

  // --- Showing -----------------------------------------------------------------------------------------------------

  /** What the store wants to be shown; null for the finished network. @type {TrainingView | null} */
  let view = null;
  /** The kernels that each layer shows in place of the finished ones. @type {Map<string, Tensor>} */
  const shownKernels = new Map();
  /** @type {Map<string, {of: Tensor, against: Tensor, tensor: Tensor}>} */
  const between = new Map();

  /** Kernels follow the maps: both are of the answer that is shown. @param {Answer} answer */
  function painted({ training }) {
    for (const layer of learning) {
      const root = /** @type {HTMLElement} */ (roots.get(layer));
      if (!training) {
        if (shownKernels.delete(layer)) bench.showKernels(layer);
        root.removeAttribute("data-unknown");
        beyond.get(layer)?.remove();
        continue;
      }
      const tensor = kernelsFor(layer, training.view, training.step);
      const range = ranges.get(layer);
      root.toggleAttribute("data-unknown", !tensor || !range);
      if (!tensor || !range || !near.has(layer) || shownKernels.get(layer) === tensor) continue;
      shownKernels.set(layer, tensor);
      const own = largestOf(tensor);
      bench.showKernels(layer, tensor, rescaled ? own : range);
      sayBeyond(layer, root, !rescaled && own > 1.005 * range ? own : 0);
    }
    panel.update({
      index: training ? steps.indexOf(training.step) : steps.length - 1,
      target: training ? steps.indexOf(training.view.step) : steps.length - 1,
      pinned: training && training.view.pinned !== null ? steps.indexOf(training.view.pinned) : null,
      shown: training?.view.shown ?? "now",
      finished: !training,
      rescaled,
      playing,
      still: stillness.matches,
    });
    // As long as maps of an earlier network are seen, even behind a closed history, the page says so.
    panel.note.hidden = !open && !training;
    // A held digit's maps are the finished network's: they are not compared with an earlier one's.
    hold.disabled = Boolean(training);
    document.documentElement.toggleAttribute("data-earlier", Boolean(training));
  }

  /** @type {Map<string, HTMLElement>} */
  const beyond = new Map();

  /** Colors end where the finished kernels do; weights that go further are named. @param {string} layer  @param {HTMLElement} root  @param {number} largest */
  function sayBeyond(layer, root, largest) {
    if (!beyond.has(layer)) beyond.set(layer, build("span", { class: "beyond" }));
    const words = /** @type {HTMLElement} */ (beyond.get(layer));
    words.textContent = `(they reach ±${formatValue(largest)})`;
    if (largest) find(root, ".legends", HTMLElement).append(words);
    else words.remove();
  }

  /** @param {string} layer  @param {TrainingView} asked  @param {number} step  @returns {Tensor | undefined} */
  function kernelsFor(layer, { pinned, shown }, step) {
    const tensor = known.kernelsAt(layer, step);
    if (pinned === null || shown !== "difference" || !tensor) return tensor;
    const against = known.kernelsAt(layer, pinned);
    if (!against) return undefined;
    const before = between.get(layer);
    if (before?.of === tensor && before.against === against) return before.tensor;
    const difference = differenceOf(tensor, against);
    between.set(layer, { of: tensor, against, tensor: difference });
    return difference;
  }

  /** Layers that come near the screen, while the maps stay as they are. */
  async function showNewKernels() {
    const { training } = store.getState().answer ?? {};
    if (!training) return;
    try {
      for (const step of [training.step, training.view.pinned]) if (step !== null) await loadKernels(step);
      bench.repaint();
    } catch (error) {
      bench.fail(error);
    }
  }

  // --- Moving through it -------------------------------------------------------------------------------------------

  /** Which way the slider went. */
  let heading = -1;

  /** @param {TrainingView | null} training */
  function dispatch(training) {
    store.dispatch({ type: "trainingChosen", training });
  }

  /** @param {number} next */
  function choose(next) {
    if (next === index || !(next in steps)) return;
    heading = next < index ? -1 : 1;
    index = next;
    panel.place(index);
    const pinned = view?.pinned ?? null;
    // The finished network has a live connection; only a comparison needs its checkpoint.
    if (pinned === null && steps[next] === last) return dispatch(null);
    // What the slider moves is B.
    dispatch({ step: steps[next], pinned, shown: view?.shown === "held" ? "now" : (view?.shown ?? "difference") });
  }

  function pin() {
    if (view?.pinned != null) dispatch(view.step === last ? null : { ...view, pinned: null });
    else dispatch({ step: steps[index], pinned: steps[index], shown: "difference" });
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function play() {
    const atEnd = index === steps.length - 1;
    if (stillness.matches) {
      choose(atEnd ? 0 : index + 1);
      return;
    }
    playing = true;
    if (atEnd) choose(0);
    bench.repaint();
    const tick = () => {
      // A slow network makes it slower, never skip: each step is waited for.
      if (store.getState().answer?.training?.view === view || !view) choose(index + 1);
      if (index === steps.length - 1) pause();
      else timer = setTimeout(tick, PACE);
    };
    timer = setTimeout(tick, PACE);
  }

  function pause() {
    if (!playing) return;
    playing = false;
    clearTimeout(timer);
    bench.repaint();
  }

  function toggle(opens = !open) {
    if (open === opens) return;
    open = opens;
    panel.root.hidden = !open;
    toggleButton.setAttribute("aria-pressed", String(open));
    document.documentElement.toggleAttribute("data-training", open);
    if (open) {
      panel.layOut();
      for (const layer of learning) watcher.observe(/** @type {HTMLElement} */ (roots.get(layer)));
      return panel.focus();
    }
    pause();
    clearTimeout(rest);
    ahead.abort();
    watcher.disconnect();
    index = steps.length - 1;
    dispatch(null);
    toggleButton.focus();
  }

  // --- Start -------------------------------------------------------------------------------------------------------

  /** The store's view, once it is one of this network: a link may name a step that was never kept. */
  function follow() {
    const { training } = store.getState();
    const valid = training && steps.includes(training.step) && (training.pinned === null || steps.includes(training.pinned));
    if (training && !valid) {
      const { step, shown } = training;
      const nearest = steps.reduce((best, each) => (Math.abs(each - step) < Math.abs(best - step) ? each : best));
      return dispatch(nearest === last ? null : { step: nearest, pinned: null, shown });
    }
    view = training;
    index = view ? steps.indexOf(view.step) : steps.length - 1;
    if (view) toggle(true);
    panel.place(index);
  }

  store.subscribe((state, previous) => state.training !== previous.training && follow());
  stillness.addEventListener("change", () => bench.repaint());
  follow();
  bench.repaint();

  return {
    toggle: () => toggle(),
    post,
    painted,
    /** Colors or sizes have changed. */
    repaint() {
      shownKernels.clear();
      panel.layOut();
      bench.repaint();
    },
  };
}

/** @param {Record<string, Tensor>} now  @param {Record<string, Tensor>} before  @returns {Record<string, Tensor>} */
function differences(now, before) {
  const names = Object.keys(now).filter((name) => before[name]);
  return Object.fromEntries(names.map((name) => [name, differenceOf(now[name], before[name])]));
}

/** @param {Tensor} tensor */
function largestOf({ data }) {
  let largest = 0;
  for (const value of data) largest = Math.max(largest, Math.abs(value));
  return largest;
}
