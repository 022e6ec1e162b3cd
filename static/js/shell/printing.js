// @ts-check
// On paper a page is light in every theme: the canvases are painted again for it.

/**
 * @param {AbortSignal} signal
 * @param {() => void} [onPrinted]
 */
export function followPrinting(signal, onPrinted) {
  const root = document.documentElement;
  /** @type {string | undefined} */
  let chosen;

  /** @param {string | undefined} theme */
  function show(theme) {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    root.dispatchEvent(new Event("themechange"));
  }

  addEventListener("beforeprint", () => {
    chosen = root.dataset.theme;
    show("light");
  }, { signal });
  addEventListener("afterprint", () => {
    show(chosen);
    onPrinted?.();
  }, { signal });
}
