// @ts-check
// Opens the gallery of test digits; loaded when it is first wanted.
/** @import { Store } from "./drawing-tools.js" */
import { persist } from "../api/reachability.js";
import { getSamples, getSampleSheet } from "../api/samples.js";
import { find } from "../dom/find.js";
import { addStyles } from "../shell/styles.js";
import { createSampleGallery } from "./sample-gallery.js";

/** @type {ReturnType<typeof createSampleGallery> | undefined} */
let gallery;

/**
 * @param {Store} store
 * @param {string | null} model  The model whose predictions are shown; null: none.
 * @param {(error: unknown) => void} fail
 */
export async function openGallery(store, model, fail) {
  if (!gallery) await addStyles("sample-gallery");
  gallery ??= createSampleGallery(find(document, "#sample-gallery", HTMLDialogElement), model, {
    async load(query) {
      const [page, sheet] = await persist(() => Promise.all([getSamples(query), getSampleSheet(query)]), fail);
      return { ...page, sheet };
    },
    choose: (index) => store.dispatch({ type: "digitChosen", digit: { kind: "sample", index } }),
    fail,
  });
  gallery.open();
}
