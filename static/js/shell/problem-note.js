// @ts-check
import { ProblemError } from "../api/http.js";
import { isReachable, whenReachable } from "../api/reachability.js";
import { find, setText } from "../dom/find.js";
import { describeFailure, Notice, UNREACHABLE } from "./failures.js";

/** The note that shows an error until it is dismissed or the next request succeeds. */
export function createProblemNote() {
  const problem = find(document, "#problem", HTMLElement);
  const reload = find(problem, '[data-act="reload"]', HTMLButtonElement);
  const home = /** @type {HTMLElement} */ (problem.parentElement);
  let lasts = false;

  function close() {
    problem.hidden = true;
    lasts = false;
  }

  /** What is outside an open dialog cannot be read or clicked. */
  function placeInDialog() {
    const dialog = document.querySelector("dialog:modal");
    if (!dialog || dialog.contains(problem)) return;
    dialog.append(problem);
    dialog.addEventListener("close", () => home.append(problem), { once: true });
  }

  reload.addEventListener("click", () => location.reload());
  find(problem, '[data-act="dismiss"]', HTMLButtonElement).addEventListener("click", close);

  return {
    /** A request has succeeded. */
    hide() {
      if (!lasts) close();
    },
    /** @param {unknown} error */
    async show(error) {
      const isResponse = error instanceof Notice || error instanceof ProblemError;
      const failure = describeFailure(error, isResponse || (await isReachable()));
      if (failure.isOurs) console.error(error);
      // What a visitor has not dismissed is not replaced by what the next response would hide.
      if (lasts && !failure.lasts && failure.sentence !== UNREACHABLE) return;
      setText(find(problem, "p", HTMLElement), failure.sentence);
      reload.hidden = !failure.canReload;
      lasts = failure.lasts;
      placeInDialog();
      problem.hidden = false;
      if (failure.sentence === UNREACHABLE) whenReachable(() => find(problem, "p", HTMLElement).textContent === UNREACHABLE && close());
    },
  };
}
