// @ts-check
/** @import { Checkpoint, Epoch, Shown } from "../types.js" */
import { build } from "../dom/build.js";
import { buildButton } from "../dom/button.js";
import { buildSvgButton } from "../dom/svg-button.js";
import { setText } from "../dom/find.js";
import { createTrainingCurves } from "./training-curves.js";

const CHANCE = 0.1;
const UNSURE = 0.009; // Three standard errors of a share of 0.1 in 10,000 digits; an accuracy this near to 0.1 is no better than guessing.
const THUMB = 14; // As wide as in the style sheet.

/**
 * @typedef {object} PanelView
 * @property {number} index           The checkpoint whose maps are shown.
 * @property {number} target          The slider's checkpoint; B of a comparison.
 * @property {number | null} pinned   A.
 * @property {Shown} shown            Of a comparison.
 * @property {boolean} finished       Whether the maps are those of the finished network.
 * @property {boolean} shared         Whether the kernels of all steps have one range of colors, the finished network's.
 * @property {boolean} playing
 * @property {boolean} still          Whether motion is reduced.
 */

/**
 * The training history: curves, and a slider for the checkpoints.
 * @param {{checkpoints: Checkpoint[], epochs: Epoch[]}} history
 * @param {object} actions
 * @param {(index: number) => void} actions.choose
 * @param {() => void} actions.play
 * @param {() => void} actions.pin
 * @param {(shown: Shown) => void} actions.compare
 * @param {() => void} actions.share
 * @param {() => void} actions.close
 * @param {(error: unknown) => void} actions.fail
 * @param {AbortSignal} signal
 */
export function createTrainingPanel(history, actions, signal) {
  const { checkpoints } = history;
  const last = checkpoints[checkpoints.length - 1].step;
  const curves = createTrainingCurves(history, actions.choose, signal);
  const slider = build("input", { type: "range", class: "scrubber", min: 0, max: checkpoints.length - 1, step: 1, "aria-label": "Step of training" });
  const moment = build("b");
  const says = build("span");
  const play = buildButton("Play", actions.play, { signal });
  const pin = buildButton("Pin", actions.pin, { signal });
  const share = buildButton("One range for all steps", actions.share, { signal });
  share.title = "Color the kernels of every step on the range of the finished network's weights; otherwise each step's are colored on their own";
  share.hidden = true;
  const close = buildButton("Close", actions.close, { label: "Close the training history", signal });
  /** @param {Shown} shown  @param {string} text  @returns {[Shown, HTMLButtonElement]} */
  const choiceOf = (shown, text) => [shown, buildButton(text, () => actions.compare(shown), { signal })];
  const choices = [choiceOf("held", ""), choiceOf("now", ""), choiceOf("difference", "B − A")];
  const [a, b] = choices.slice(0, 2).map(([, choice], i) => {
    const text = build("span");
    choice.append(`${"AB"[i]}: `, build("span", { class: "word" }, "step "), text);
    return text;
  });
  const compare = build("div", { class: "choice", role: "group", "aria-label": "Kernels and maps show" }, ...choices.map(([, choice]) => choice));
  const dock = build("div", { class: "dock" },
    build("p", { class: "moment" }, moment, " ", says), build("div", { class: "training-tools" }, play, pin, compare, buildSvgButton(() => curves.root, "training-history", actions.fail, signal), close), slider);
  const root = build("section", { class: "training", "aria-label": "Training history", hidden: true }, dock, build("div", { class: "plot" }, curves.root));
  const note = build("p", { class: "training-note", hidden: true });
  slider.addEventListener("input", () => actions.choose(slider.valueAsNumber), { signal });

  /** @type {{index: number, pinned: number | null}} */
  let marked = { index: checkpoints.length - 1, pinned: null };

  return {
    root,
    /** Names the weights of the prediction. */
    note,
    /** Belongs beside the other controls of the color scales. */
    share,
    focus: () => slider.focus({ preventScroll: true }),

    /** Fit the curves to the panel, and the slider to their axis. */
    layOut() {
      const width = /** @type {HTMLElement} */ (curves.root.parentElement).clientWidth;
      if (!width) return;
      const { begin, end, top, height } = curves.layOut(width);
      slider.style.setProperty("--axis-begin", `${begin - THUMB / 2}px`);
      slider.style.setProperty("--axis-length", `${end - begin + THUMB}px`);
      slider.style.setProperty("--axis-top", `${top}px`);
      slider.style.setProperty("--axis-height", `${height}px`);
      curves.mark(marked);
    },

    /** Move the slider; the maps follow later. @param {number} index */
    place(index) {
      slider.value = String(index);
      const { step, test_accuracy: share } = checkpoints[index];
      slider.setAttribute("aria-valuetext", `step ${count(step)}, test accuracy ${percent(share)}`);
    },

    /** @param {PanelView} view */
    update({ index, target, pinned, shown, finished, shared, playing, still }) {
      const { step, test_accuracy: accuracy } = checkpoints[index];
      const between = pinned !== null && shown === "difference";
      const before = checkpoints[pinned ?? 0].step;
      setText(moment, between ? `Step ${count(step)} − step ${count(before)}` : `Step ${count(step)}${pinned === null ? ` of ${count(last)}` : ""}`);
      setText(says, between ? sayBetween(checkpoints[index], checkpoints[/** @type {number} */ (pinned)]) : say(step, accuracy, finished) + (pinned !== null && target === pinned ? " Move the slider to choose B." : ""));
      setText(note, finished ? "the finished network" : `at step ${count(step)}`);
      root.toggleAttribute("data-earlier", !finished);
      note.toggleAttribute("data-earlier", !finished);
      setText(play, still ? "Step" : playing ? "Pause" : "Play");
      setText(pin, pinned === null ? "Pin this step" : "Unpin");
      pin.setAttribute("aria-pressed", String(pinned !== null));
      compare.hidden = pinned === null;
      share.hidden = finished;
      share.setAttribute("aria-pressed", String(shared));
      if (pinned !== null) {
        setText(a, count(before));
        setText(b, count(checkpoints[target].step));
        for (const [each, choice] of choices) choice.setAttribute("aria-pressed", String(each === shown));
      }
      // The marker is at the slider's checkpoint; in a comparison, A has its own mark.
      marked = { index: pinned === null ? index : target, pinned };
      curves.mark(marked);
    },
  };

  /** @param {number} step  @param {number} share  @param {boolean} finished */
  function say(step, share, finished) {
    const who = finished ? "The finished network" : !step ? "Untrained"
      : step === last ? "The last checkpoint" : "Not the finished network";
    return `${who}: test accuracy ${percent(share)}${Math.abs(share - CHANCE) < UNSURE ? ", no better than guessing" : ""}.`;
  }

  /** @param {Checkpoint} now  @param {Checkpoint} before */
  function sayBetween(now, before) {
    if (now === before) return "No difference: move the slider to choose B.";
    return `Test accuracy ${percent(before.test_accuracy)} → ${percent(now.test_accuracy)}.`;
  }
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(2)}%`;
}

/** @param {number} step */
function count(step) {
  return step.toLocaleString("en");
}

/** @typedef {ReturnType<typeof createTrainingPanel>} TrainingPanel */
