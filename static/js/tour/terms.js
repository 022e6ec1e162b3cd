// @ts-check
// Terms of the text are links to what they name. Pointing at a term, or moving the focus to it, highlights the thing.
import { findAll } from "../dom/find.js";

/**
 * @param {ParentNode} root
 * @param {AbortSignal} signal
 */
export function highlightTerms(root, signal) {
  for (const term of findAll(root, "a.term", HTMLAnchorElement)) {
    const named = () => document.getElementById(term.hash.slice(1));
    const update = () => named()?.toggleAttribute("data-named", term.matches(":hover, :focus"));
    for (const event of ["pointerenter", "pointerleave", "focus", "blur"]) term.addEventListener(event, update, { signal });
    term.addEventListener("click", (event) => {
      event.preventDefault(); // The address keeps the digit.
      named()?.scrollIntoView({ block: "nearest" });
    }, { signal });
  }
}
