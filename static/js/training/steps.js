// @ts-check
// Which training steps a view needs, and which come next. Uses neither values nor elements.
/** @import { Training, TrainingView } from "../types.js" */

/**
 * The steps whose weights a view needs.
 * @param {TrainingView} view
 * @returns {{own: number, other: number | null}} `other`: what is subtracted from `own`.
 */
export function stepsOf({ step, pinned, shown }) {
  if (pinned === null || shown === "now") return { own: step, other: null };
  return shown === "held" ? { own: pinned, other: null } : { own: step, other: pinned };
}

/**
 * A view whose steps all exist. The step in a link may not.
 * @param {TrainingView} view
 * @param {number[]} steps  Those of the checkpoints, ascending.
 * @returns {TrainingView | null} The same object if it was valid; null for the finished network.
 */
export function validView(view, steps) {
  const { step, pinned, shown } = view;
  if (steps.includes(step) && (pinned === null || steps.includes(pinned))) return view;
  const nearest = steps.reduce((best, each) => (Math.abs(each - step) < Math.abs(best - step) ? each : best));
  return nearest === steps[steps.length - 1] ? null : { step: nearest, pinned: null, shown };
}

/**
 * The view after the slider has moved. In a comparison, the slider moves step B: as soon as it differs from A, the difference
 * is shown.
 * @param {TrainingView | null} view
 * @param {number} step
 * @param {number} last
 * @returns {TrainingView | null} Null for the finished network, which has a live connection; only a comparison needs
 *   its checkpoint.
 */
export function viewAt(view, step, last) {
  const pinned = view?.pinned ?? null;
  if (pinned === null && step === last) return null;
  const begins = view === null || view.step === pinned;
  return { step, pinned, shown: begins ? "difference" : view.shown === "held" ? "now" : view.shown };
}

/**
 * The view after "Pin" or "Unpin".
 * @param {TrainingView | null} view
 * @param {number} step  The step that the slider is at.
 * @param {number} last
 * @returns {TrainingView | null}
 */
export function viewPinned(view, step, last) {
  // There is no difference yet: the maps stay as they are.
  if (view?.pinned == null) return { step, pinned: step, shown: "now" };
  return view.step === last ? null : { ...view, pinned: null };
}

/**
 * The slider's positions for a response, as indices of checkpoints.
 * @param {Pick<Training, "step" | "view"> | undefined} training  Undefined for the finished network.
 * @param {number[]} steps  Of the checkpoints, ascending.
 * @returns {Pick<import("./training-panel.js").PanelView, "index" | "target" | "pinned" | "shown" | "finished">}
 */
export function positionsOf(training, steps) {
  const last = steps.length - 1;
  if (!training) return { index: last, target: last, pinned: null, shown: "now", finished: true };
  const { step, view: { step: target, pinned, shown } } = training;
  return {
    index: steps.indexOf(step), target: steps.indexOf(target), pinned: pinned === null ? null : steps.indexOf(pinned), shown, finished: false,
  };
}

/**
 * The steps to fetch ahead, the most probable first.
 * @param {number[]} steps
 * @param {number} step  The one that is shown.
 * @param {1 | -1} heading  The direction in which the slider last moved.
 */
export function neighborsOf(steps, step, heading) {
  const at = steps.indexOf(step);
  return [at + heading, at - heading, at + 2 * heading].filter((index) => index in steps).map((index) => steps[index]);
}
