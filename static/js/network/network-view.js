// @ts-check
/** @import { ActivationsResponse, Digit, Plane, State, Tensor, Training } from "../types.js" */
/** @import { ColorScale } from "../draw/color-scale.js" */
/** @import { LayerView, Section } from "./selectors.js" */
import { find, findAll } from "../dom/find.js";
import { largestAt } from "../draw/plane.js";
import { createLayerSection, revealUnit } from "./layer-section.js";
import { kernelsAtMiddle, selectLayer } from "./selectors.js";

const REST = 400; // Milliseconds without another digit after which maps are sorted.
const NEAR = "300px"; // Maps and kernels this near the screen may become visible before a response arrives.

/**
 * Where a layer's maps are shown, and the digit or training step whose maps were painted there.
 * @typedef {{root: Element, update: (view: LayerView, state: State, scale: ColorScale) => void, compares: boolean, subject: Digit | Training | null}} MapView
 */

/**
 * All feature maps of the page: the sections of the layers, and the columns of the connected picture.
 * @param {Section[]} sections
 * @param {Pick<ReturnType<typeof import("./picture/picture.js").createNetworkPicture>, "columnRoots" | "updateLayer">} picture
 * @param {{isolate: (layer: string, filter: number) => void}} actions
 */
export function createNetworkView(sections, picture, actions) {
  const roots = new Map(findAll(document, "section.layer", HTMLElement).map((root) => [root.dataset.layer ?? "", root]));
  const layers = new Map([...roots].map(([name, root]) => {
    const section = sections.find(({ layer }) => layer.name === name);
    if (!section) throw new Error(`the model has no layer ${name}`);
    return [name, createLayerSection(root, section, actions)];
  }));
  /** By layer. @type {Map<string, MapView[]>} */
  const views = new Map(sections.map(({ layer: { name } }) => [name, [
    {
      root: find(document, `#layer-${name}`, Element),
      update: (view, { isolated }, scale) => layers.get(name)?.update(view, scale, isolated),
      compares: true,
      subject: null,
    },
    {
      root: /** @type {HTMLElement} */ (picture.columnRoots.get(name)),
      update: (view) => picture.updateLayer(name, view),
      compares: false,
      subject: null,
    },
  ]]));
  /** Roots on the screen or near it. @type {Set<Element>} */
  const near = new Set();
  /** The digit for which a layer's maps were sorted last. @type {Map<string, Digit>} */
  const sorted = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let resting;
  let isPressed = false;
  addEventListener("pointerdown", () => void (isPressed = true), { capture: true });
  for (const type of ["pointerup", "pointercancel"]) addEventListener(type, () => void (isPressed = false), { capture: true });

  /** Sort the maps by their activity, but not while the visitor draws. @param {Digit} digit */
  function sortAtRest(digit) {
    clearTimeout(resting);
    resting = setTimeout(() => {
      if (isPressed) return sortAtRest(digit);
      for (const [name, layer] of layers) {
        if (sorted.get(name) === digit || roots.get(name)?.hasAttribute("data-stale")) continue;
        sorted.set(name, digit);
        layer.sort();
      }
    }, sorted.size ? REST : 0);
  }

  /** What each layer shows. @type {Map<string, LayerView>} */
  const latest = new Map();

  return {
    /** The sections of the page, by layer name. @type {ReadonlyMap<string, HTMLElement>} */
    roots,

    /** Show a layer's own maps in another part of the page, too. @param {string} layer  @param {Omit<MapView, "subject" | "compares">} view */
    addView: (layer, view) => void views.get(layer)?.push({ ...view, compares: false, subject: null }),

    /**
     * Call back with the layers whose maps are on the screen or near it, now and after each change.
     * @param {(layers: Set<string>) => void} onChange
     */
    watch(onChange) {
      const watcher = new IntersectionObserver((entries) => {
        for (const { target, isIntersecting } of entries) near[isIntersecting ? "add" : "delete"](target);
        onChange(new Set([...views].filter(([, shown]) => shown.some(({ root }) => near.has(root))).map(([name]) => name)));
      }, { rootMargin: NEAR });
      for (const { root } of [...views.values()].flat()) watcher.observe(root);
    },

    /**
     * @param {State} state
     * @param {ActivationsResponse | null} compared  With what the sections of the layers show: the response's own maps, those of a
     *   held digit, or differences. The sweep and the connected picture always show the response's own.
     * @param {Digit | Training} subject  Whose maps the state's response holds.
     * @param {ColorScale} scale
     * @param {boolean} all  Whether maps far from the screen are painted, too.
     */
    update(state, compared, subject, scale, all) {
      for (const section of sections) {
        const own = selectLayer(state, section);
        // At a training step the response is another object with the same maps.
        const shown = compared?.tensors === state.response?.tensors ? own : selectLayer({ ...state, response: compared }, section);
        if (shown) latest.set(section.layer.name, shown);
        for (const each of views.get(section.layer.name) ?? []) {
          const view = each.compares ? shown : own;
          if (view) {
            const isPainted = all || near.has(each.root);
            if (isPainted) each.update(view, state, scale);
            each.subject = isPainted ? subject : null;
          }
          // Maps of another digit are hidden until those of this digit arrive.
          each.root.toggleAttribute("data-stale", each.subject !== subject);
        }
      }
      // The maps of a training step keep their order, so that they can be compared.
      if (all && state.response && !state.training) sortAtRest(state.response.digit);
    },

    /** @param {string} layer  @param {Tensor} kernels  @param {ColorScale} scale  @param {number} range  0: the largest weight. */
    showKernels: (layer, kernels, scale, range) => layers.get(layer)?.showKernels(kernelsAtMiddle(kernels), scale, range),

    /** The element of a map. @param {string} layer  @param {number} filter */
    unitOf(layer, filter) {
      return revealUnit(/** @type {HTMLElement} */ (roots.get(layer)), filter);
    },

    /** The position of a map's largest value. @param {string} layer  @param {number} filter */
    largestOf(layer, filter) {
      const plane = latest.get(layer)?.maps[filter].plane;
      return plane ? largestAt(plane) : { row: 0, column: 0 };
    },

    /** Size and place the maps. */
    layOut() {
      const [root] = roots.values();
      const { paddingInlineStart, paddingInlineEnd } = getComputedStyle(root);
      const width = root.clientWidth - parseFloat(paddingInlineStart) - parseFloat(paddingInlineEnd);
      for (const layer of layers.values()) layer.layOut(width);
    },
  };
}

/**
 * Loads the kernels of each layer once: when the layer comes near the screen, or when the visitor first clicks or presses a key.
 * @param {(layer: string) => Promise<Tensor>} request
 * @param {{onLoad: (layer: string) => void, onFailure: (error: unknown) => void}} listener
 */
export function createKernelLoader(request, { onLoad, onFailure }) {
  /** @type {Map<string, Tensor>} */
  const kernels = new Map();
  /** @type {Set<string>} */
  const requested = new Set();
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) load(target);
  }, { rootMargin: NEAR });

  /** @param {Element} root  A layer's section. */
  async function load(root) {
    const layer = /** @type {HTMLElement} */ (root).dataset.layer ?? "";
    watcher.unobserve(root);
    if (requested.has(layer)) return;
    requested.add(layer);
    try {
      kernels.set(layer, await request(layer));
      onLoad(layer);
    } catch (error) {
      onFailure(error);
    }
  }

  return {
    /** @param {Element} root  A layer's section. */
    watch(root) {
      watcher.observe(root);
      for (const type of ["pointerdown", "keydown"]) addEventListener(type, () => load(root), { once: true });
    },

    /** Undefined until loaded. @param {string} layer */
    kernelsOf: (layer) => kernels.get(layer),

    /** The layers whose kernels are loaded. */
    loaded: () => [...kernels.keys()],
  };
}
