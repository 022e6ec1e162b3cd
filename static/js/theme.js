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
    const select = document.getElementById("theme");
    if (select instanceof HTMLSelectElement) select.value = choice;
    root.dispatchEvent(new Event("themechange"));
  };
  apply(read());
  document.addEventListener("DOMContentLoaded", () => apply(read()));
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLSelectElement) || target.id !== "theme") return;
    try {
      localStorage.setItem(KEY, target.value);
    } catch {
      // As above.
    }
    apply(target.value);
  });
})();
