// @ts-check
// Which claim is being read, and how to go to another one: by links, by the keys ← and →, or by scrolling.
import { findAll } from "../dom/find.js";
import { oncePerFrame } from "../shell/pace.js";

const STEPS = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1 });
const OWN_KEYS = "input, select, textarea, canvas, [role=toolbar], [popover], dialog"; // These use arrow keys themselves.
const LINE = 320; // CSS pixels below the window's top: the claim that has reached this line is being read.

/**
 * @param {HTMLElement[]} sections  Of the claims and the summary, in order; the number of the first is 1.
 * @param {number} start
 * @param {{onChange: (claim: number) => void}} listener
 * @param {AbortSignal} signal
 */
export function followReading(sections, start, { onChange }, signal) {
  let claim = start;
  /** Figures that come in above push the text down, until the visitor scrolls. */
  let isPlaceKept = start > 1;
  /** Whether the visitor scrolls: a claim that was gone to is being read, even if it cannot reach the top of the window. */
  let follows = false;

  /** @param {number} next */
  function set(next) {
    if (next === claim) return;
    claim = next;
    onChange(claim);
  }

  /** @param {number} next */
  function go(next) {
    const section = sections[next - 1];
    if (!section) return;
    isPlaceKept = false;
    follows = false;
    section.scrollIntoView({ behavior: "instant" });
    section.querySelector("h2")?.focus({ preventScroll: true });
    set(next);
  }

  function scrolledByHand() {
    isPlaceKept = false;
    follows = true;
  }

  for (const link of findAll(document, "a[data-go]", HTMLAnchorElement)) {
    link.addEventListener("click", (event) => {
      event.preventDefault(); // The address keeps the digit.
      go(Number(link.dataset.go));
    }, { signal });
  }
  document.addEventListener("keydown", (event) => {
    const { key, target, ctrlKey, metaKey, altKey, shiftKey } = event;
    const step = STEPS[key];
    if (!step) return scrolledByHand();
    if (event.defaultPrevented || ctrlKey || metaKey || altKey || shiftKey || (target instanceof Element && target.closest(OWN_KEYS))) return;
    event.preventDefault();
    go(claim + step);
  }, { signal });
  for (const event of ["wheel", "touchmove", "pointerdown"]) addEventListener(event, scrolledByHand, { passive: true, signal });
  addEventListener("scroll", oncePerFrame(() => {
    if (!follows) return;
    const reached = sections.filter((section) => section.getBoundingClientRect().top <= LINE).length;
    set(Math.max(1, reached));
  }), { passive: true, signal });

  history.scrollRestoration = "manual";
  return {
    /** The claim being read. */
    claim: () => claim,
    go,
    /** After painting: the opened claim stays where it is. @param {boolean} isComplete */
    keepPlace(isComplete) {
      if (!isPlaceKept) return;
      sections[claim - 1].scrollIntoView({ behavior: "instant" });
      if (isComplete) isPlaceKept = false;
    },
  };
}
