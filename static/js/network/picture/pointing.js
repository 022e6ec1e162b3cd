// @ts-check
// What the pointer or the keyboard points at in the picture.
/** @import { Pointed } from "./keys.js" */
import { pointedAfterKey } from "./keys.js";

/**
 * @param {HTMLElement} plot
 * @param {object} picture
 * @param {(element: Element) => Pointed | null} picture.pointedAt
 * @param {() => Parameters<typeof pointedAfterKey>[2]} picture.ways
 * @param {(pointed: Pointed) => void} picture.focus
 * @param {(pointed: Pointed) => void} picture.open
 * @param {() => void} picture.onChange
 * @param {AbortSignal} signal
 */
export function createPointing(plot, { pointedAt, ways, focus, open, onChange }, signal) {
  /** @type {Pointed | null} */
  let under = null;
  /** @type {Pointed | null} */
  let focused = null;

  /** @param {Event} event */
  const at = ({ target }) => (target instanceof Element ? pointedAt(target) : null);

  /** @param {Pointed | null} pointer  @param {Pointed | null} keyboard */
  function set(pointer, keyboard) {
    const before = JSON.stringify(under ?? focused);
    under = pointer;
    focused = keyboard;
    if (JSON.stringify(under ?? focused) !== before) onChange();
  }

  plot.addEventListener("pointermove", (event) => event.pointerType !== "touch" && set(at(event), focused), { signal });
  plot.addEventListener("pointerleave", () => set(null, focused), { signal });
  plot.addEventListener("focusin", (event) => {
    if (event.target instanceof Element && event.target.matches(":focus-visible")) set(null, at(event));
  }, { signal });
  plot.addEventListener("focusout", () => set(under, null), { signal });
  plot.addEventListener("click", (event) => {
    const pointed = at(event);
    if (pointed) open(pointed);
  }, { signal });
  plot.addEventListener("keydown", (event) => {
    const from = at(event);
    if (!from || event.ctrlKey || event.metaKey || event.altKey) return;
    if (from.link && (event.key === "Enter" || event.key === " ")) {
      open(from);
    } else {
      const next = pointedAfterKey(event.key, from, ways());
      if (!next) return;
      // A link that is about to get the focus must be shown first.
      set(null, next);
      focus(next);
    }
    event.preventDefault();
  }, { signal });

  return { pointed: () => under ?? focused };
}
