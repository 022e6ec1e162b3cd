// @ts-check
import { buildButton } from "./button.js";

/**
 * A button that saves a drawing of the page as an SVG file.
 * @param {() => Element} drawing
 * @param {string} name  Of the file, without its ending.
 * @param {(error: unknown) => void} fail
 * @param {AbortSignal} [signal]
 */
export function buildSvgButton(drawing, name, fail, signal) {
  const button = buildButton("Download SVG", () => {
    import("../draw/svg-file.js").then(({ saveSvg }) => saveSvg(drawing, name)).catch(fail);
  }, { signal });
  button.classList.add("svg-button");
  return button;
}
