// @ts-check
// On paper the page is light in every theme: the canvases are painted again for it.

/**
 * @param {HTMLButtonElement} button
 * @param {AbortSignal} signal
 */
export function printInLightColors(button, signal) {
  const root = document.documentElement;
  /** @type {string | undefined} */
  let chosen;

  /** @param {string | undefined} theme */
  function show(theme) {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    root.dispatchEvent(new Event("themechange"));
  }

  button.addEventListener("click", () => print(), { signal });
  addEventListener("beforeprint", () => {
    chosen = root.dataset.theme;
    show("light");
  }, { signal });
  addEventListener("afterprint", () => show(chosen), { signal });
}
