// @ts-check
// The kernel editor of a network with convolutions: state, requests and views put together.
/** @import { Digit, EditedAccuracy } from "../types.js" */
/** @import { EditableLayer } from "./editable-layers.js" */
import { requestActivations } from "../api/activations.js";
import { postEdited, postEditedAccuracy } from "../api/experiments.js";
import { wireCode } from "../code/show-code.js";
import { find, setText } from "../dom/find.js";
import { describePrediction } from "../network/prediction-bars.js";
import { fieldsOf, joinFields } from "../shell/url.js";
import { createStore } from "../shell/store.js";
import { wireControls } from "./controls.js";
import { mappedLayers } from "./editable-layers.js";
import { createAccuracyMeter, createComparison } from "./editor-requests.js";
import { choicesFrom, createReducer, fieldsOfChoices, openingState } from "./editor-state.js";
import { createEditorView } from "./editor-view.js";
import { bodyOfEdits, decodeEdits, encodeEdits } from "./kernel-edits.js";
import { describeAccuracy } from "./sentences.js";

/**
 * @param {ReturnType<typeof import("../shell/digit-page.js").openDigitPage>} page
 * @param {EditableLayer[]} layers  At least one.
 */
export function startEditor(page, layers) {
  const { announce, fail, colors, signal, data: { model } } = page;
  const names = mappedLayers(model).map(({ name }) => name);
  const linked = fieldsOf(location.hash);
  const store = createStore(createReducer(layers), { ...openingState(layers, editsOf(linked)), ...choicesFrom(linked, layers) });
  const view = createEditorView(page, layers, store);
  /** @type {EditedAccuracy | null} */
  let accuracy = null;

  const compare = createComparison(layers, (digit, body) =>
    (body.length ? postEdited(model.id, digit, body, names) : requestActivations(model.id, digit, { layers: names })));
  const meter = createAccuracyMeter((edits) => postEditedAccuracy(model.id, bodyOfEdits(edits, layers)), {
    onMeasured(measured) {
      accuracy = measured;
      showAccuracy();
      announce(describeAccuracy(accuracy));
    },
    onFailure: fail,
  });

  const { schedulePaint, requestAgain, rememberInAddress } = page.start({
    request: (/** @type {Digit} */ digit) => compare(digit, store.getState().edits.present),
    onResponse(maps) {
      view.showMaps(maps);
      announce(describePrediction(maps.edited.prediction));
      return { input: maps.learned.tensors.input, framing: maps.learned.framing };
    },
    paint: view.paint,
    layOut: () => {},
    extra() {
      const { present } = store.getState().edits;
      return joinFields({ e: present.length ? encodeEdits(present, layers) : null, ...fieldsOfChoices(store.getState(), layers) });
    },
    restore(fields) {
      store.dispatch({ type: "choicesOpened", choices: choicesFrom(fields, layers) });
      store.dispatch({ type: "editsOpened", edits: editsOf(fields) });
    },
  });

  /** @param {URLSearchParams} fields */
  function editsOf(fields) {
    return decodeEdits(fields.get("e") ?? "", layers);
  }

  function showAccuracy() {
    setText(find(document, "#accuracy-sentence", HTMLElement), describeAccuracy(accuracy));
  }

  function measure() {
    accuracy = null;
    showAccuracy();
    meter.measureSoon(store.getState().edits.present);
  }

  store.subscribe(({ edits: { present }, layer }, previous) => {
    if (layer !== previous.layer) view.fetchKernels().then(schedulePaint, fail);
    if (present !== previous.edits.present) {
      requestAgain();
      measure();
    }
    rememberInAddress();
    schedulePaint();
  });
  const edited = () => ({ fields: { edits: bodyOfEdits(store.getState().edits.present, layers) }, query: { model: model.id } });
  wireCode({ model: model.id, fail }, {
    "kernel-edits": () => ({ digit: page.store.getState().digit, ...edited() }),
    "kernel-edits/accuracy": edited,
  });
  wireControls(store, { load: view.load, repaint: schedulePaint, signal });
  view.fetchKernels().then(schedulePaint, fail);
  measure();
}
