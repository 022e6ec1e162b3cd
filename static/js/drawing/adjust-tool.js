// @ts-check
// Opens the dialog in which the uploaded image is adjusted; loaded when it is first wanted.
/** @import { Store } from "./drawing-tools.js" */
import { requestActivations } from "../api/activations.js";
import { planeOf } from "../network/selectors.js";
import { addStyles } from "../shell/styles.js";
import { openAdjustment } from "./adjust-image.js";

/** @type {Promise<unknown> | undefined} */
let styles;

/**
 * @param {Store} store
 * @param {string | null} model  Any model: all frame digits alike; null: the default one.
 * @param {(error: unknown) => void} fail
 */
export async function adjustImage(store, model, fail) {
  const { digit } = store.getState();
  if (digit.kind !== "image") return;
  styles ??= addStyles("adjust-image");
  await styles;
  await openAdjustment(digit, {
    async request(adjusted, signal) {
      const name = model ?? document.documentElement.dataset.defaultModel ?? "";
      const { tensors, framing } = await requestActivations(name, adjusted, { layers: null, signal });
      return { input: planeOf(tensors.input), framing };
    },
    choose: (adjusted) => store.dispatch({ type: "digitChosen", digit: adjusted }),
    fail,
  });
}
