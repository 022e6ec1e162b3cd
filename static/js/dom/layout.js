// @ts-check
// Positions and sizes of elements: scrolling to one, and changes of its width.

const FRAMES = 30;

/**
 * Scroll to an element, and correct it while sections come into view that had not been laid out: their heights were not known.
 * @param {Element} element
 * @param {ScrollLogicalPosition} [block]
 */
export function landOn(element, block = "start") {
  let before = NaN;
  let steady = 0;
  let frames = 0;
  const correct = () => {
    element.scrollIntoView({ block, behavior: "instant" });
    const { top } = element.getBoundingClientRect();
    steady = Math.abs(top - before) < 1 ? steady + 1 : 0;
    before = top;
    frames += 1;
    if (steady < 3 && frames < FRAMES) requestAnimationFrame(correct);
  };
  correct();
}

/**
 * Call back after each change of an element's width, unless it is hidden.
 * @param {HTMLElement} element
 * @param {() => void} onChange
 * @param {AbortSignal} signal
 */
export function watchWidth(element, onChange, signal) {
  let width = element.clientWidth;
  const watcher = new ResizeObserver(() => {
    if (element.clientWidth === width) return;
    width = element.clientWidth;
    if (width) onChange();
  });
  watcher.observe(element);
  signal.addEventListener("abort", () => watcher.disconnect(), { once: true });
}
