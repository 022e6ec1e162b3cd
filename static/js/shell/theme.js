// @ts-check
// Sets the theme and the projector mode before the first paint, so that a dark page never flashes white. Not a module, because
// modules are deferred.
(() => {
  const root = document.documentElement;
  if (root.hasAttribute("data-embed")) return; // Its address says the theme.

  /** The choices, where they are kept. Storage may be forbidden; a choice then lasts for this page. */
  const THEME = "kernelscope-theme";
  const PROJECTOR = "kernelscope-projector";
  /** @param {string} key */
  const read = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  /** @param {string} key  @param {string} choice */
  const keep = (key, choice) => {
    try {
      localStorage.setItem(key, choice);
    } catch {
      // As above.
    }
  };

  /** @param {string} theme  @param {boolean} projector */
  const apply = (theme, projector) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    root.toggleAttribute("data-projector", projector);
    const select = document.getElementById("theme");
    if (select instanceof HTMLSelectElement) select.value = theme;
    document.getElementById("projector")?.setAttribute("aria-pressed", String(projector));
    root.dispatchEvent(new Event("themechange"));
  };
  const applyKept = () => apply(read(THEME) ?? "system", read(PROJECTOR) === "on");

  applyKept();
  document.addEventListener("DOMContentLoaded", applyKept);
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLSelectElement) || target.id !== "theme") return;
    keep(THEME, target.value);
    apply(target.value, root.hasAttribute("data-projector"));
  });
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element) || !target.closest("#projector")) return;
    const projector = !root.hasAttribute("data-projector");
    keep(PROJECTOR, projector ? "on" : "off");
    apply(root.dataset.theme ?? "system", projector);
  });
})();
