// @ts-check
// The kernel editor; of a network without convolutions, the prediction alone: the page says why there are no kernels to edit.
import { requestPrediction } from "../api/activations.js";
import { find } from "../dom/find.js";
import { editableLayers } from "../editor/editable-layers.js";
import { startEditor } from "../editor/editor.js";
import { createPredictionBars } from "../network/prediction-bars.js";
import { openDigitPage } from "../shell/digit-page.js";

const page = openDigitPage();
const { model } = page.data;
const layers = editableLayers(model);
if (layers.length) startEditor(page, layers);
else showPrediction();

function showPrediction() {
  const bars = createPredictionBars(find(document, "#prediction", HTMLElement));
  page.start({
    request: (digit) => requestPrediction(model, digit),
    onResponse({ tensors, prediction, framing }) {
      bars.update(prediction, tensors.probabilities.data);
      return { input: tensors.input, framing };
    },
    paint: () => {},
    layOut: () => {},
  });
}
