// @ts-check
// Notices that the page's own modules could not be loaded, says so, and loads the page again when the server can be reached.
// Not a module itself, because then it could not be loaded either. What fails later is described in failures.js.
(() => {
  const INCOMPLETE = "This page could not be loaded completely. It loads again by itself when the server can be reached.";
  const STILL_INCOMPLETE = "A part of this page is missing on the server, which may be another version of Kernelscope. Reload the page in a moment.";
  const KEY = "kernelscope-reloaded";
  const JUST_NOW = 30_000; // Milliseconds within which a second attempt would not help.
  const PAUSE = 2_000; // Milliseconds between two attempts.
  const { root = "" } = document.documentElement.dataset;
  let hasFailed = false;

  /** @param {string} sentence  @param {boolean} canReload */
  function show(sentence, canReload) {
    const problem = document.getElementById("problem");
    const text = problem?.querySelector("p");
    const reload = problem?.querySelector('[data-act="reload"]');
    if (!problem || !text || !(reload instanceof HTMLButtonElement)) return;
    text.textContent = sentence;
    reload.hidden = !canReload;
    reload.onclick = () => location.reload();
    problem.hidden = false;
  }

  async function recover() {
    show(INCOMPLETE, true);
    let isThere = false;
    try {
      isThere = (await fetch(`${root}/healthz`, { cache: "no-store" })).ok;
    } catch {
      // The next attempt follows.
    }
    if (!isThere) return void setTimeout(recover, PAUSE);
    if (Date.now() - lastReload() < JUST_NOW) return show(STILL_INCOMPLETE, true);
    try {
      sessionStorage.setItem(KEY, String(Date.now()));
    } catch {
      return show(STILL_INCOMPLETE, true); // Without a memory the page could reload for ever.
    }
    location.reload();
  }

  function lastReload() {
    try {
      return Number(sessionStorage.getItem(KEY));
    } catch {
      return 0;
    }
  }

  addEventListener("error", ({ target }) => {
    if (!(target instanceof HTMLScriptElement) || target.type !== "module" || hasFailed) return;
    hasFailed = true;
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", recover);
    else recover();
  }, { capture: true });
})();
