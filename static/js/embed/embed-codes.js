// @ts-check
// A discreet button on each piece of a page that can be shown elsewhere: it gives the code of a frame. Loaded if the server allows embeds.
import { build } from "../dom/build.js";
import { buildButton } from "../dom/button.js";
import { findAll } from "../dom/find.js";
import { addStyles } from "../shell/styles.js";
import { embedCode } from "./embed-code.js";

/** Experiments that have a page each; the sections of a page name themselves. */
const PAGES = ["editor", "gradients", "saliency", "layers", "robustness", "orientation"];

await addStyles("embed-codes");

for (const section of findAll(document, ".layer[data-layer]", HTMLElement)) {
  const layer = section.dataset.layer ?? "";
  add(section.querySelector(".facts"), layer, { layer }, section.querySelectorAll(".unit").length);
}
for (const section of findAll(document, "[data-experiment]", HTMLElement)) add(section.querySelector("h2"), section.dataset.experiment ?? "", { experiment: section.dataset.experiment });
const page = location.pathname.slice((document.documentElement.dataset.root ?? "").length + 1);
if (PAGES.includes(page)) add(document.querySelector("main h1"), page, { experiment: page });

/**
 * @param {Element | null} place
 * @param {string} name
 * @param {Record<string, string | undefined>} piece
 * @param {number} [filters]  Of a layer: one of them can be shown alone.
 */
function add(place, name, piece, filters = 0) {
  const button = buildButton("Embed", () => open(name, piece, filters));
  button.classList.add("embed-button");
  button.setAttribute("aria-label", `Embed ${name} in another page`);
  button.setAttribute("aria-haspopup", "dialog");
  if (place instanceof HTMLHeadingElement) place.before(button);
  else place?.after(button);
}

/** @param {string} name  @param {Record<string, string | undefined>} piece  @param {number} filters */
function open(name, piece, filters) {
  const filter = build("select", { "aria-label": "Filter" }, build("option", { value: "" }, "all"), ...Array.from({ length: filters }, (_, i) => build("option", {}, String(i))));
  const theme = build("select", { "aria-label": "Theme" }, ...["system", "light", "dark"].map((each) => build("option", {}, each)));
  const code = build("textarea", { readonly: "", rows: 5, "aria-label": "Code", spellcheck: "false" });
  const copy = buildButton("Copy embed code", async () => {
    code.select();
    try {
      await navigator.clipboard.writeText(code.value);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Selected: copy it";
    }
  });
  const show = () => {
    const chosen = { ...piece, filter: filter.value || undefined, theme: theme.value === "system" ? undefined : theme.value };
    code.value = embedCode(location, document.documentElement.dataset.root ?? "", name, chosen);
    copy.textContent = "Copy embed code";
  };
  for (const choice of [filter, theme]) choice.addEventListener("change", show);
  const close = buildButton("Close", () => dialog.close());
  const dialog = build("dialog", { class: "embed-codes", "aria-labelledby": "embed-title" },
    build("h2", { id: "embed-title" }, `Embed ${name}`),
    build("p", {}, "Put this into a page of a site that this server lists. It opens with the digit that is shown now."),
    build("div", { class: "choices" }, ...(filters > 1 ? [build("label", {}, "Filter ", filter)] : []), build("label", {}, "Theme ", theme)),
    code, build("div", { class: "button-row" }, copy, close));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  show();
  dialog.showModal();
}
