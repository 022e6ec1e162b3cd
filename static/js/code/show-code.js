// @ts-check
// The buttons "Show code": what they show is loaded when one is pressed.
/** @import { Shown } from "./last-requests.js" */
import { findAll } from "../dom/find.js";
import { Notice } from "../shell/failures.js";
import { lastRequest } from "./last-requests.js";

/**
 * @param {object} page
 * @param {string} page.model  The page's.
 * @param {(error: unknown) => void} page.fail
 * @param {Record<string, () => Shown | null>} [own]  What the page knows better than its last request does.
 */
export function wireCode({ model, fail }, own = {}) {
  for (const button of findAll(document, "[data-code]", HTMLButtonElement)) {
    button.addEventListener("click", async () => {
      const choices = (button.dataset.code ?? "").split(" ").flatMap((of) => {
        const shown = own[of] ? own[of]() : lastRequest(of);
        return shown ? { of, shown } : [];
      });
      try {
        if (!choices.length) throw new Notice("There is nothing to reproduce yet.");
        await (await import("./code-dialog.js")).openCode(choices, model, fail);
      } catch (error) {
        fail(error);
      }
    });
  }
}
