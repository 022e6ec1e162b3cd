// @ts-check
// Keeps the digit where the visitor finds it again: in the page's address, in the tab's storage, in the links to other pages
// with a drawing pad, and in the link that is copied.
/** @import { Action, Digit, State } from "../types.js" */
/** @import { Framed } from "./url.js" */
import { find, findAll } from "../dom/find.js";
import { Notice } from "./failures.js";
import { keepDigit, keptDigit } from "./kept-digit.js";
import { digitFields, fromFragment, toFragment } from "./url.js";

const ADDRESS_PAUSE = 400; // Milliseconds without a change before the address is written: browsers limit how often a page may do so.
const CONFIRMED = 1500; // Milliseconds that a button shows what it has done.

/**
 * @param {{getState: () => State, dispatch: (action: Action) => void, subscribe: (listener: () => void) => unknown}} store
 * @param {object} page
 * @param {() => Framed | null} page.framed  The newest response's.
 * @param {() => string} [page.extra]  What the address contains besides the digit.
 * @param {(error: unknown) => void} page.fail
 * @param {AbortSignal} signal
 */
export function keepInAddress(store, { framed, extra, fail }, signal) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Digit | null} */
  let kept = null;
  // The digit with which a page opens for a visitor who has none is nobody's.
  const isLinked = Boolean(fromFragment(location.hash).digit);
  const example = isLinked || keptDigit() ? null : store.getState().digit;

  function write() {
    clearTimeout(timer);
    history.replaceState(null, "", `#${[toFragment(store.getState(), framed()), extra?.() ?? ""].filter(Boolean).join("&")}`);
    updateLinks();
    keep();
  }

  function rememberInAddress() {
    clearTimeout(timer);
    timer = setTimeout(write, ADDRESS_PAUSE);
  }

  function keep() {
    const { digit } = store.getState();
    if (digit === example) return;
    kept = digit;
    keepDigit(digit, framed());
  }

  /** Links to other pages with a pad contain the digit, but nothing else of the view. */
  function updateLinks() {
    const fragment = toFragment({ digit: store.getState().digit }, framed());
    for (const link of findAll(document, "a[data-carries-digit]:not([aria-current])", HTMLAnchorElement)) link.hash = fragment;
  }

  async function copy() {
    const { digit } = store.getState();
    if (!digitFields(digit, framed())) {
      fail(new Notice("The link cannot hold this image yet: the server has not returned its 28×28 pixels."));
      return;
    }
    write();
    const isReduced = digit.kind === "image"; // The link holds what the network received, not the photo.
    try {
      await navigator.clipboard.writeText(location.href);
      confirmOn(copyButton, !isReduced ? "Copied" : framed()?.plane.pixels ? "Copied in gray" : "Copied as 28×28");
    } catch {
      confirmOn(copyButton, "In address bar");
    }
  }

  const copyButton = find(document, "#copy-link", HTMLButtonElement);
  copyButton.addEventListener("click", copy, { signal });
  store.subscribe(rememberInAddress);
  updateLinks();
  if (!isLinked && !example) rememberInAddress();
  // A link may be clicked, or the page left, before the pause is over.
  addEventListener("click", updateLinks, { capture: true, signal });
  addEventListener("pagehide", keep, { signal });
  // A page that the browser kept aside shows the digit of the page that was left for it.
  addEventListener("pageshow", ({ persisted }) => {
    const newest = persisted ? keptDigit() : null;
    if (newest && kept && newest.fields !== digitFields(kept, framed())) store.dispatch({ type: "digitChosen", digit: newest.digit });
  }, { signal });

  return { rememberInAddress };
}

/**
 * Links to sections of the page scroll there and leave the digit in the address.
 * @param {(section: Element) => void} land  Scrolls to a section.
 * @param {AbortSignal} signal
 */
export function keepAddressAtSections(land, signal) {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest('a[href^="#"]');
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const section = document.getElementById(decodeURIComponent((link.getAttribute("href") ?? "").slice(1)));
    if (!section) return;
    event.preventDefault();
    // As after the browser's own jump, Tab goes on from here.
    if (!section.hasAttribute("tabindex") && section.tabIndex < 0) section.tabIndex = -1;
    section.focus({ preventScroll: true });
    land(section);
  }, { signal });
}

/**
 * Show a message on a button for a moment.
 * @param {HTMLButtonElement} control
 * @param {string} message
 */
function confirmOn(control, message) {
  const label = control.dataset.label ??= control.textContent ?? "";
  control.textContent = message;
  setTimeout(() => (control.textContent = label), CONFIRMED);
}
