// @ts-check
import { staticAddress } from "../api/address.js";
import { MissingPartError } from "./failures.js";

/**
 * Load the style sheet of a component when it is first needed.
 * @param {string} component
 * @returns {Promise<unknown>}
 */
export function addStyles(component) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = staticAddress(`css/components/${component}.css`);
  document.head.append(link);
  return new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = () => reject(new MissingPartError(link.href));
  });
}
