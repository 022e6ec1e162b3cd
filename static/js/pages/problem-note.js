// @ts-check
import { ProblemError } from "../api/http.js";
import { find, setText } from "../dom.js";

/** What a visitor sees of trouble, until he dismisses it or it is over. */
export function createProblemNote() {
  const problem = find(document, "#problem", HTMLElement);
  const hide = () => {
    problem.hidden = true;
  };
  find(problem, "button", HTMLButtonElement).addEventListener("click", hide);
  return {
    hide,
    /** @param {unknown} error */
    show(error) {
      setText(find(problem, "p", HTMLElement), error instanceof Error ? error.message : String(error));
      problem.hidden = false;
      if (!(error instanceof ProblemError)) console.error(error);
    },
  };
}
