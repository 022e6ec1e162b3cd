// @ts-check
import { build } from "./build.js";

/**
 * A button with its action.
 * @param {string} text
 * @param {() => void} act
 * @param {{label?: string, signal?: AbortSignal}} [options]  `label`: an accessible name other than the text.
 */
export function buildButton(text, act, { label, signal } = {}) {
  const element = build("button", label ? { type: "button", "aria-label": label } : { type: "button" }, text);
  element.addEventListener("click", () => act(), { signal });
  return element;
}
