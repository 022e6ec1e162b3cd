// @ts-check
// The Python that reproduces what the page shows, in a dialog, to read and to copy.
/** @import { Shown } from "./last-requests.js" */
import { bodyOf } from "../api/activations.js";
import { apiAddress } from "../api/address.js";
import { request, requestJson } from "../api/http.js";
import { build } from "../dom/build.js";
import { setText } from "../dom/find.js";
import { addStyles } from "../shell/styles.js";
import { modelOf, writtenQuery } from "./last-requests.js";

/** What can be shown, by the name that the server has for it. @type {Record<string, string>} */
const NAMES = {
  prediction: "The prediction", "feature-maps": "This map", neuron: "This neuron", saliency: "The gradient by a pixel", occlusion: "A covered square",
  evidence: "What the last maps contribute",
  "backward-pass": "δ of the neuron", "gradient-check": "The gradient of the weight", "gradient-descent": "The steps", "perturb-pixel": "The changed pixel",
  translation: "The moved digit", "translation-curve": "The curve of the digit", robustness: "The changed digit", "robustness-curve": "The accuracy",
  "kernel-edits": "The prediction with the edited kernels", "kernel-edits/accuracy": "The accuracy", "layer-map": "The nearest digits", "layer-knowledge": "The accuracies",
  confusion: "The confusion matrix", "misread-digit": "The misread digit", "layer-costs": "The costs", "feature-comparison": "The features",
  "pixel-permutation": "The permuted digits", "orientation-tuning": "The tuning curves", filter: "The filter",
};

/** @typedef {{api: string, numpy: string | null, why_no_numpy: string | null, weights: string}} Code */

/** @type {Promise<unknown> | null} */
let styles = null;

/**
 * @param {{of: string, shown: Shown}[]} choices  At least one.
 * @param {string} pageModel
 * @param {(error: unknown) => void} fail
 */
export async function openCode(choices, pageModel, fail) {
  const title = build("h2", { id: "code-title" }, "The code of this number");
  const choice = build("select", { "aria-label": "Code of" }, ...choices.map(({ of }, i) => build("option", { value: i }, NAMES[of] ?? of)));
  choice.hidden = choices.length < 2;
  const kinds = /** @type {const} */ (["api", "numpy"]).map((kind) => ({ kind, button: build("button", { type: "button" }, kind === "api" ? "From the API" : "With NumPy alone") }));
  const note = build("p", { class: "note", role: "status" });
  const code = build("code");
  const copy = build("button", { type: "button" }, "Copy");
  const download = build("button", { type: "button" }, "Download the weights");
  const close = build("button", { type: "button" }, "Close");
  const root = build("dialog", { class: "code-dialog", "aria-labelledby": "code-title" },
    build("header", {}, title, close),
    build("div", { class: "view-controls" }, choice, build("div", { class: "choice", role: "group", "aria-label": "Code" }, ...kinds.map(({ button }) => button)), copy, download),
    note, build("pre", { tabindex: 0, role: "region", "aria-labelledby": "code-title" }, code));
  /** @type {"api" | "numpy"} */
  let shownKind = "api";
  /** @type {Code | null} */
  let found = null;

  const chosen = () => choices[Number(choice.value)];

  function paint() {
    for (const { kind, button } of kinds) button.setAttribute("aria-pressed", String(kind === shownKind));
    const text = found?.[shownKind] ?? "";
    setText(code, text);
    copy.disabled = !text;
    setText(copy, "Copy");
    download.hidden = shownKind === "api" || !text;
    setText(note, !found ? "" : shownKind === "api"
      ? "Runs with httpx: pip install httpx."
      : found.why_no_numpy ?? `Reads ${found.weights} from its own folder. A convolution is computed as a cross-correlation: the kernel is not flipped. A gradient is a finite difference.`);
    root.dataset.kind = found ? shownKind : "";
  }

  async function load() {
    const { of, shown } = chosen();
    found = null;
    paint();
    try {
      const body = { of, ...(shown.digit && { digit: bodyOf(shown.digit) }), query: writtenQuery(shown.query ?? {}), fields: shown.fields ?? {}, ...(shown.at && { at: shown.at }) };
      found = await requestJson(apiAddress(["models", modelOf(shown, pageModel), "code"]), { body });
      paint();
    } catch (error) {
      root.close();
      fail(error);
    }
  }

  for (const { kind, button } of kinds) {
    button.addEventListener("click", () => {
      shownKind = kind;
      paint();
    });
  }
  choice.addEventListener("change", load);
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent ?? "");
      setText(copy, "Copied");
    } catch {
      getSelection()?.selectAllChildren(code);
      setText(copy, "Selected");
    }
  });
  download.addEventListener("click", async () => {
    const { shown } = chosen();
    try {
      const address = apiAddress(["models", modelOf(shown, pageModel), "weights"], { checkpoint: shown.query?.checkpoint });
      const link = build("a", { download: found?.weights ?? "weights.npz" });
      link.href = URL.createObjectURL(await (await request(address, { accept: "application/x-npz" })).blob());
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      fail(error);
    }
  });
  close.addEventListener("click", () => root.close());
  root.addEventListener("click", (event) => event.target === root && root.close());
  root.addEventListener("close", () => root.remove());
  styles ??= addStyles("code");
  await styles;
  document.body.append(root);
  root.showModal();
  await load();
}
