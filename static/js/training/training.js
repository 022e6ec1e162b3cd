// @ts-check
// The training history: a slider that shows kernels, maps and prediction of an earlier step. Loaded when it is first opened.
/** @import { ActivationsResponse, Bench, ActivationsRequest, TrainingView } from "../types.js" */
import { requestActivations } from "../api/activations.js";
import { getHistory } from "../api/history.js";
import { requestKernels } from "../api/kernels.js";
import { find } from "../dom/find.js";
import { createCheckpointLoader } from "./checkpoint-loader.js";
import { createPlayback } from "./playback.js";
import { createNearLayers, createShownKernels } from "./shown-kernels.js";
import { positionsOf, validView, viewAt, viewPinned } from "./steps.js";
import { createTrainingPanel } from "./training-panel.js";

/** @param {Bench} bench */
export async function createTraining(bench) {
  const { model, store, signal } = bench;
  const { checkpoints, epochs } = await getHistory(model.id);
  const steps = checkpoints.map(({ step }) => step);
  const end = steps.length - 1;
  const stillness = matchMedia("(prefers-reduced-motion: reduce)");
  /** The slider's checkpoint. */
  let index = end;
  /** Whether the kernels of all steps have one range of colors. */
  let shared = false;

  const layers = createNearLayers(bench, showNewKernels);
  const loader = createCheckpointLoader(requestsFor(model.id), steps, () => layers.near, () => shared);
  const kernels = createShownKernels(bench, loader, layers);
  const playback = createPlayback({
    index: () => index, end, move, isStill: () => stillness.matches, onChange: bench.repaint,
    isShown() {
      const { response, training } = store.getState();
      return !training || response?.training?.view === training;
    },
  });
  const panel = createTrainingPanel({ checkpoints, epochs }, {
    choose(next) {
      playback.pause();
      move(next);
    },
    play: playback.toggle,
    pin: () => choose(viewPinned(store.getState().training, steps[index], steps[end])),
    compare(shown) {
      const view = store.getState().training;
      if (view) choose({ ...view, shown });
    },
    share() {
      shared = !shared;
      kernels.forget();
      bench.repaint();
    },
    close: () => drawer.toggle(),
    fail: bench.fail,
  }, signal);
  const drawer = createDrawer(panel, {
    opened: layers.watch,
    closed() {
      playback.pause();
      loader.stopFetchingAhead();
      layers.stop();
      index = end;
      choose(null);
    },
  }, signal);

  /** @param {TrainingView | null} training */
  const choose = (training) => store.dispatch({ type: "trainingChosen", training });

  /** @param {number} next */
  function move(next) {
    if (next === index || !(next in steps)) return;
    loader.head(next < index ? -1 : 1);
    index = next;
    panel.place(index);
    choose(viewAt(store.getState().training, steps[next], steps[end]));
  }

  /** Load the kernels of layers that come near the screen. */
  async function showNewKernels() {
    const { training } = store.getState().response ?? {};
    if (!training) return;
    try {
      for (const step of [training.step, training.view.pinned]) if (step !== null) await loader.loadKernels(step);
      bench.repaint();
    } catch (error) {
      bench.fail(error);
    }
  }

  function follow() {
    const { training } = store.getState();
    const valid = training && validView(training, steps);
    if (training && valid !== training) return choose(valid);
    index = valid ? steps.indexOf(valid.step) : end;
    if (valid) drawer.toggle(true);
    else loader.stopFetchingAhead();
    panel.place(index);
  }

  const unsubscribe = store.subscribe((state, previous) => state.training !== previous.training && follow());
  signal.addEventListener("abort", () => {
    unsubscribe();
    playback.pause();
    loader.stopFetchingAhead();
  }, { once: true });
  stillness.addEventListener("change", () => bench.repaint(), { signal });
  follow();
  bench.repaint();

  return {
    toggle: () => drawer.toggle(),

    /** Request the maps that the page shows now. @param {ActivationsRequest} request  @param {number} sequence  @returns {Promise<ActivationsResponse>} */
    post({ digit, layers: names, training }, sequence) {
      // The step in a link may not exist; the store then has another.
      const view = store.getState().training ?? /** @type {TrainingView} */ (training);
      return loader.loadView(digit, names, view, sequence);
    },

    /** @param {ActivationsResponse} response */
    painted({ training }) {
      kernels.show(training, shared);
      panel.update({ ...positionsOf(training, steps), shared, playing: playback.isPlaying(), still: stillness.matches });
      drawer.mark(Boolean(training));
    },

    /** Colors or sizes have changed. */
    repaint() {
      kernels.forget();
      panel.layOut();
      bench.repaint();
    },
  };
}

/**
 * Requests for the activations and kernels of a checkpoint.
 * @param {string} model
 * @returns {import("./checkpoint-loader.js").CheckpointRequests}
 */
function requestsFor(model) {
  return {
    async maps(digit, layers, step, signal) {
      const activations = await requestActivations(model, digit, { layers, checkpoint: step, signal });
      // The loader sets the sequence number of the request that shows the response.
      return { sequence: 0, digit, ...activations };
    },
    kernels: async (layer, step, signal) => (await requestKernels(model, layer, { checkpoint: step, signal })).kernels,
  };
}

/**
 * Opens and closes the panel, and puts its parts into the page.
 * @param {import("./training-panel.js").TrainingPanel} panel
 * @param {{opened: () => void, closed: () => void}} actions
 * @param {AbortSignal} signal
 */
function createDrawer(panel, { opened, closed }, signal) {
  const button = find(document, "#training", HTMLButtonElement);
  const hold = find(document, "#hold", HTMLButtonElement);
  let open = false;
  find(document, ".network", HTMLElement).prepend(panel.root);
  find(document, "#prediction", HTMLElement).before(panel.note);
  button.after(panel.share);
  // The style sheet keeps this height free above the layers and the lens.
  const sizes = new ResizeObserver(() => {
    document.documentElement.style.setProperty("--training-height", `${panel.root.offsetHeight}px`);
    panel.layOut();
  });
  sizes.observe(panel.root);
  signal.addEventListener("abort", () => sizes.disconnect(), { once: true });

  return {
    toggle(opens = !open) {
      if (open === opens) return;
      open = opens;
      panel.root.hidden = !open;
      button.setAttribute("aria-pressed", String(open));
      document.documentElement.toggleAttribute("data-training", open);
      if (open) {
        panel.layOut();
        opened();
        panel.focus();
      } else {
        closed();
        button.focus();
      }
    },

    /** @param {boolean} earlier  Whether maps of an earlier step are shown. */
    mark(earlier) {
      // The note is shown as long as maps of an earlier step are visible, even after the history was closed.
      panel.note.hidden = !open && !earlier;
      // A held digit has the finished network's maps, which are not compared with those of an earlier step.
      hold.disabled = earlier;
      document.documentElement.toggleAttribute("data-earlier", earlier);
    },
  };
}
