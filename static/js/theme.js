// @ts-check
// Sets the theme before the first paint, so that a chosen dark page never flashes white. Not a module: modules wait.
(() => {
  const root = document.documentElement;
  const KEY = "kernelscope-theme";
  const read = () => {
    try {
      return localStorage.getItem(KEY) ?? "system";
    } catch {
      return "system"; // Storage may be forbidden; the choice then lasts for this page.
    }
  };
  /** @param {string} choice */
  const apply = (choice) => {
    if (choice === "system") delete root.dataset.theme;
    else root.dataset.theme = choice;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.themeChoice === choice));
    }
    root.dispatchEvent(new Event("themechange"));
  };
  apply(read());
  document.addEventListener("DOMContentLoaded", () => apply(read()));
  document.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest?.("[data-theme-choice]");
    if (!(button instanceof HTMLElement)) return;
    const choice = button.dataset.themeChoice ?? "system";
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // As above.
    }
    apply(choice);
  });
})();
