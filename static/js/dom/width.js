// @ts-check

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
