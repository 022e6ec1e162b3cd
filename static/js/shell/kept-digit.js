// @ts-check
// The visitor's digit from one page to the next, for as long as the tab is open. It is kept in the tab's storage, never on the
// server: it survives links without a digit, a reload, and a server that was stopped. An upload is kept whole, so that it can
// still be adjusted.
/** @import { Digit } from "../types.js" */
/** @import { Framed } from "./url.js" */
import { digitFields, fromFragment } from "./url.js";

const KEY = "kernelscope-digit";

/** What is stored: the digit's fields of a link, and an upload. @typedef {{fields: string, image: Extract<Digit, {kind: "image"}> | null}} Kept */

/**
 * @param {Digit} digit
 * @param {Framed | null} framed
 */
export function keepDigit(digit, framed) {
  const fields = digitFields(digit, framed);
  const image = digit.kind === "image" ? digit : null;
  // A large upload may exceed what the tab can store; then the pixels are kept that the network received.
  if (!store({ fields, image }) && fields) store({ fields, image: null });
}

/**
 * The digit with which a page opens: that of a link that was followed, else the tab's own; null without either.
 * @param {string} fragment  Of the address.
 * @param {boolean} isReturn  The page is reloaded, or was reached by Back or Forward: its address may have an older digit.
 * @returns {Digit | null}
 */
export function digitAtOpening(fragment, isReturn) {
  const linked = fromFragment(fragment).digit ?? null;
  const kept = keptDigit();
  if (!linked || !kept) return linked ?? kept?.digit ?? null;
  return isReturn || kept.fields === digitFields(linked, null) ? kept.digit : linked;
}

/** Whether this page was reloaded, or reached by Back or Forward. */
export function isReturn() {
  const [entry] = performance.getEntriesByType("navigation");
  return entry instanceof PerformanceNavigationTiming && (entry.type === "reload" || entry.type === "back_forward");
}

/** The tab's own digit. @returns {{digit: Digit, fields: string} | null} */
export function keptDigit() {
  try {
    /** @type {Kept | null} */
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    const digit = kept && (kept.image ?? fromFragment(kept.fields).digit);
    return kept && digit ? { digit, fields: kept.fields } : null;
  } catch {
    return null; // Storage may be forbidden, or hold what another version has stored.
  }
}

/** @param {Kept} kept  @returns {boolean} Whether there was room. */
function store(kept) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
    return true;
  } catch {
    return false; // Storage may be full or forbidden; the digit is then in the address alone.
  }
}
