// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { costSentence, curveOf, newestKernels, noKernels, requestOf, statusSentence } from "../../../static/js/train/run.js";
/** @import { Run } from "../../../static/js/train/types.js" */

const kernels = [[[0.5]]];
/** @type {Run} */
const done = {
  id: "v1", state: "done", place: null,
  updates: [
    { digits: 5000, held_out: 1000 },
    { step: 0, steps: 2, epoch: 0, kernels: [[[0]]] },
    { step: 1, steps: 2, epoch: 1, loss: 2.3, accuracy: 0.1, kernels },
    { step: 2, steps: 2, epoch: 1, loss: 2, accuracy: 0.25 },
    { validation_accuracy: 0.9342, seconds: 1.6 },
  ],
};

test("the slider of the learning rate is logarithmic, with two digits", () => {
  assert.deepEqual(requestOf({ kernel_size: 5, learning_rate: -2.4 }, false), { kernel_size: 5, learning_rate: 0.004, start: "random" });
  assert.equal(requestOf({ learning_rate: -2.4 }, true).start, "equal");
});

test("cost of 8 kernels of 5×5: 8·26, 784·8·25 and 8·196·10 + 10", () => {
  assert.equal(
    costSentence({ kernel_size: 5, filters: 8 }),
    "Convolution: 208 weights and biases, 156,800 products for each digit. Fully connected layer: 15,690 weights and biases.",
  );
});

test("the curve has the reports with loss and accuracy; the newest kernels may be older than the newest report", () => {
  assert.deepEqual(curveOf(done), { steps: 2, points: [{ step: 1, loss: 2.3, accuracy: 0.1 }, { step: 2, loss: 2, accuracy: 0.25 }] });
  assert.equal(newestKernels(done), kernels);
  assert.equal(newestKernels({ ...done, updates: [] }), undefined);
});

test("every state has a sentence with its numbers", () => {
  const where = "5,000 MNIST training digits";
  assert.equal(statusSentence({ ...done, state: "none" }), "No network trained yet.");
  assert.equal(statusSentence({ ...done, state: "queued", place: 3 }), "Waiting: number 3 in the queue.");
  assert.equal(statusSentence({ ...done, state: "queued" }), "Waiting for its turn.");
  assert.equal(statusSentence({ ...done, state: "running", updates: [] }), "Preparing the digits…");
  assert.equal(statusSentence({ ...done, state: "running" }), `Step 2 of 2, on ${where}.`);
  assert.equal(statusSentence(done), `Trained in 1.6 s on ${where}. It classifies 93.4% of 1,000 other digits correctly.`);
  assert.equal(statusSentence({ ...done, state: "canceled" }), "Canceled and deleted.");
  assert.equal(statusSentence({ ...done, state: "failed" }), "The training failed; the reason is shown below.");
});

test("before the first report, as many kernels as chosen are empty", () => {
  assert.deepEqual(noKernels({ kernel_size: 3, filters: 1 }), [[[0, 0, 0], [0, 0, 0], [0, 0, 0]]]);
});
