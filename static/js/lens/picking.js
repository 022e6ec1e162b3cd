// @ts-check
// Selects a neuron by pointer, tap or keyboard, on a map or on the bar of a class.
/** @import { Neuron } from "../types.js" */
/** @import { MapElements } from "./map-elements.js" */
/** @import { Section } from "../network/selectors.js" */
/** @import { Selection } from "./selection.js" */
/** @import { Visibility } from "./visibility.js" */
import { createPointerIntent } from "./pointer-intent.js";
import { neuronAfterKey, neuronExists, sameMap, sameNeuron, startIn } from "./neurons.js";

const REST = 300; // Milliseconds after which a pointer on its way to the panel has come to rest on a map.
const STAYS_OPEN = ".network, .lens, .prediction, dialog"; // The lens stays open while the pointer is over these.

/**
 * @param {object} lens
 * @param {Section[]} lens.sections
 * @param {MapElements} lens.maps
 * @param {Selection} lens.selection
 * @param {Visibility} lens.visibility
 * @param {() => void} lens.enter  Move the focus into the lens.
 * @param {() => void} lens.step   Move the kernel by one cell.
 * @param {() => void} lens.close
 * @param {() => void} lens.leave  The pointer has left the maps.
 */
export function createPicking({ sections, maps, selection, visibility, enter, step, close, leave }) {
  /** The last layer with weights: its neurons are the classes. */
  const head = sections.findLast(({ layer }) => layer.parameters)?.layer.name ?? "";

  /** @param {Element} target  @returns {Neuron | null} */
  function classUnder(target) {
    const bar = target.closest("#prediction li");
    const filter = bar ? [.../** @type {Element} */ (bar.parentElement).children].indexOf(bar) : -1;
    return filter < 0 ? null : { layer: head, filter, row: 0, column: 0 };
  }

  /** Select another neuron; pin it if the current one is pinned. @param {Neuron} neuron */
  function move(neuron) {
    if (!neuronExists(sections, neuron)) return;
    if (selection.pinned()) selection.pin(neuron);
    else selection.point(neuron);
    const map = maps.elementOf(neuron);
    visibility.openedFrom(map);
    maps.makeTabStop(map);
  }

  const intent = createPointerIntent();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let resting;

  /** @param {PointerEvent} event  @param {Element} target  @param {DOMRect} [box] */
  function pointermove(event, target, box) {
    // A touch selects a neuron only by a tap.
    if (event.pointerType === "touch") return;
    clearTimeout(resting);
    const map = maps.mapUnder(target);
    const shown = selection.current();
    const isOtherMap = map !== null && shown !== null && maps.elementOf(shown) !== map;
    const side = selection.pinned() ? null : visibility.side();
    const isLeaving = intent.isLeaving({ x: event.clientX, y: event.clientY, time: event.timeStamp, isOtherMap }, side);
    if (map && isLeaving) resting = setTimeout(() => pointAt(event, target, box), REST);
    else pointAt(event, target, box);
  }

  /** @param {PointerEvent} event  @param {Element} target  @param {DOMRect} [box] */
  function pointAt(event, target, box) {
    const map = maps.mapUnder(target);
    const neuron = map ? maps.neuronAt(map, event, box) : classUnder(target);
    if (neuron && !sameNeuron(neuron, selection.pointed())) selection.point(neuron);
    else if (!neuron && selection.pointed() && !target.closest(STAYS_OPEN)) leave();
  }

  /** @param {MouseEvent} event  @param {Element} target  @param {DOMRect} [box] */
  function click(event, target, box) {
    const map = maps.mapUnder(target);
    const neuron = map ? maps.neuronAt(map, event, box) : classUnder(target);
    if (!neuron) return;
    if (map) {
      maps.makeTabStop(map);
      map.focus({ preventScroll: true });
      visibility.openedFrom(map);
    }
    if (sameNeuron(neuron, selection.pinned())) return selection.unpin();
    selection.pin(neuron);
    visibility.revealMap(neuron);
  }

  /** @param {FocusEvent} _event  @param {Element} target */
  function focusin(_event, target) {
    const map = maps.mapUnder(target);
    if (!map || visibility.isReturning() || !map.matches(":focus-visible")) return;
    visibility.openedFrom(map);
    const { layer, filter } = maps.mapShownBy(map);
    const now = selection.current();
    if (sameMap({ layer: layer.name, filter }, now) || selection.pinned()) return;
    selection.point(startIn(layer, filter, now));
  }

  /** @param {KeyboardEvent} event  @param {Element} target */
  function keydown(event, target) {
    if (event.key === "Escape" && !visibility.isHidden() && !document.querySelector("dialog[open]")) return close();
    const map = maps.mapUnder(target);
    if (!map || event.ctrlKey || event.metaKey || event.altKey) return;
    const { layer, filter } = maps.mapShownBy(map);
    const now = selection.current();
    const here = now && sameMap({ layer: layer.name, filter }, now) ? now : startIn(layer, filter, null);
    const next = neuronAfterKey(event, here, layer.output_shape[2]);
    if (event.key === "Enter") {
      if (sameNeuron(here, selection.pinned())) enter();
      else selection.pin(here);
    } else if (event.key === " ") {
      step();
    } else if (next) {
      move(next);
      if (next.filter !== filter && neuronExists(sections, next)) maps.elementOf(next).focus();
    } else {
      return;
    }
    event.preventDefault();
  }

  /** @type {Record<string, (event: any, target: Element, box?: DOMRect) => void>} */
  const handlers = { pointermove, click, focusin, keydown };

  return {
    move,
    /** @param {Event} event  @param {DOMRect} [box]  Where the target was when the event happened; by default, where it is. */
    handle(event, box) {
      if (event.target instanceof Element) handlers[event.type]?.(event, event.target, box);
    },
  };
}
