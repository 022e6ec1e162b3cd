// @ts-check
// The shapes that modules hand to each other; types only, nothing runs here.

/** A point in pad units: x and y, 0–1 inside the pad, y down. @typedef {[number, number]} Point */

/** The points of one stroke, in the order drawn. @typedef {Point[]} Stroke */

/**
 * What is being read: strokes, one of MNIST's test digits, or an uploaded image.
 * @typedef {{kind: "strokes", strokes: Stroke[], penWidth: number}
 *   | {kind: "sample", index: number}
 *   | {kind: "image", name: string, base64: string}} Digit
 */

/** Values with their shape, last axis fastest. @typedef {{shape: number[], data: Float32Array}} Tensor */

/** One feature map or channel. @typedef {{width: number, height: number, data: Float32Array}} Plane */

/** @typedef {{digit: number, probability: number}} Prediction */

/** @typedef {{top: number, left: number, height: number, width: number}} Box */

/**
 * @typedef {object} Framing
 * @property {string} applied            "mnist" or "none".
 * @property {Box | null} crop           The ink's box in the source.
 * @property {Box | null} placed         Where it landed in the input.
 * @property {[number, number]} source_size  Rows and columns of the source.
 * @property {string | null} polarity    For an image, which way its ink lies.
 */

/**
 * Which weights of the training history are looked at: those after `step`; with a pinned step, also what changed since.
 * @typedef {{step: number, pinned: number | null, shown: Shown}} TrainingView
 */

/** Of two that are compared, the one the maps show, or what is between them. @typedef {"now" | "held" | "difference"} Shown */

/**
 * What to compute: a digit, and the layers whose maps to answer; without `training`, by the finished network.
 * @typedef {{digit: Digit, layers: string[], training?: TrainingView | null}} Question
 */

/**
 * The server's answer for one digit.
 * @typedef {object} Answer
 * @property {number} sequence    Of the question it answers.
 * @property {Digit} digit        The one it was asked for.
 * @property {Prediction | null} prediction
 * @property {Framing} framing
 * @property {Record<string, Tensor>} tensors  By layer name, those on the screen; also `input`, `logits` and `probabilities`.
 * @property {boolean} [compared] Whether its maps are differences from a held digit's or an earlier step's.
 * @property {Training} [training] Of an answer by weights of the training history.
 */

/**
 * What an answer by earlier weights needs to be shown.
 * @typedef {object} Training
 * @property {TrainingView} view               What it was asked for.
 * @property {number} step                     Whose maps and prediction it holds.
 * @property {Answer} shown                    With the maps to show: its own, or the differences.
 * @property {(layer: string) => Tensor | undefined} kernelsOf  Of its step, in half precision, while they are here.
 * @property {(layer: string) => number} rangeOf                The finished kernels' largest weight; NaN while unknown.
 */

/** The input pixels that neurons see: from `start + jump · i`, `size` pixels. @typedef {{size: number, jump: number, start: number}} ReceptiveField */

/** One value of one feature map. @typedef {{layer: string, filter: number, row: number, column: number}} Neuron */

/**
 * @typedef {object} LayerDescription
 * @property {string} name
 * @property {string} kind
 * @property {[number, number, number]} input_shape
 * @property {[number, number, number]} output_shape
 * @property {number | null} kernel_size
 * @property {number | null} stride
 * @property {number | null} padding
 * @property {number} parameters
 * @property {ReceptiveField} receptive_field
 * @property {[number, number]} display_range
 * @property {number[]} dead_filters
 */

/** @typedef {{id: string, classes: string[], layers: LayerDescription[]}} ModelDescription */

/** What a layer learned: kernels [F, C, k, k], biases [F]. @typedef {{kernels: Tensor, biases: Tensor}} Weights */

/**
 * What one neuron's arithmetic is written out from.
 * @typedef {object} Sources
 * @property {Tensor} reads           The maps that its layer reads.
 * @property {Tensor | null} own      Its layer's maps; null while they are not here.
 * @property {{kind: "relu"} | {kind: "softmax", tensor: Tensor} | null} after  What lies behind; of a softmax, its maps.
 * @property {Weights | null} weights Null for a layer without.
 */

/**
 * One neuron's arithmetic. Arrays are [channel][row][column], flat.
 * @typedef {object} Arithmetic
 * @property {number} channels
 * @property {number} rows
 * @property {number} columns
 * @property {number} firstChannel   Of the maps read, the first in the patch.
 * @property {Box} span              Where the patch lies in the maps read; may reach into padding.
 * @property {Float32Array} patch
 * @property {Float32Array | null} kernel
 * @property {Float64Array | null} products
 * @property {Float64Array | null} sums  Of each channel's products.
 * @property {number} bias
 * @property {number | null} winner  Of pooling: which value of the patch.
 * @property {number} computed       In double precision.
 * @property {number | null} stored  The network's own, in single precision.
 * @property {{kind: "relu", stored: number} | {kind: "softmax", exponentials: number[], sum: number, largest: number,
 *   computed: number, stored: number} | null} after
 */

/** Weights that were kept. @typedef {{step: number, test_accuracy: number}} Checkpoint */

/** One pass over the training digits; loss in nats. @typedef {{epoch: number, step: number, loss: number, accuracy: number}} Epoch */

/** How a network came to be. @typedef {{model: string, checkpoints: Checkpoint[], epochs: Epoch[]}} TrainingHistory */

/** Stops of a diverging map: position −1–1 and its color. @typedef {{stops: [number, [number, number, number]][]}} Colormap */

/**
 * What the server puts into the page.
 * @typedef {object} PageData
 * @property {ModelDescription} model
 * @property {string} reader   Whose readings the gallery of test digits tells.
 * @property {Record<"light" | "dark", Colormap>} colormaps
 * @property {{image_bytes: number, message_bytes: number}} limits
 */

/**
 * Everything the workbench remembers.
 * @typedef {object} State
 * @property {Digit} digit
 * @property {Digit[]} past       For undo, oldest first.
 * @property {Digit[]} future     For redo, next first.
 * @property {"pen" | "eraser"} tool
 * @property {number} penWidth    In pad units.
 * @property {boolean} rectified  Whether convolutional layers show their maps after ReLU.
 * @property {number} boost       0: the layer's scale; 1: each map to its own maximum.
 * @property {Answer | null} answer
 * @property {{layer: string, filter: number} | null} isolated
 * @property {Neuron | null} neuron  Where the lens is pinned.
 * @property {TrainingView | null} training  Null for the finished network.
 */

/**
 * @typedef {{type: "strokeStarted", point: Point}
 *   | {type: "strokeExtended", points: Point[]}
 *   | {type: "eraseStarted"}
 *   | {type: "erased", points: Point[]}
 *   | {type: "undone"} | {type: "redone"} | {type: "cleared"}
 *   | {type: "digitChosen", digit: Digit}
 *   | {type: "toolChosen", tool: "pen" | "eraser"}
 *   | {type: "penWidthChosen", penWidth: number}
 *   | {type: "rectificationChosen", rectified: boolean}
 *   | {type: "boostChosen", boost: number}
 *   | {type: "mapIsolated", layer: string, filter: number}
 *   | {type: "isolationEnded"}
 *   | {type: "neuronPinned", neuron: Neuron}
 *   | {type: "viewRestored", view: Partial<Pick<State, "rectified" | "boost" | "neuron" | "training">>}
 *   | {type: "trainingChosen", training: TrainingView | null}
 *   | {type: "answerReceived", answer: Answer}} Action
 */

// --- Local against global ------------------------------------------------------------------------------------------

/** @typedef {ModelDescription & {title: string, test_accuracy: number}} ModelInFull */

/**
 * What the server puts into the page of experiments.
 * @typedef {object} ExperimentsPageData
 * @property {ModelInFull[]} models
 * @property {ModelInFull} model     The default one.
 * @property {string} reader
 * @property {PageData["colormaps"]} colormaps
 * @property {PageData["limits"]} limits
 */

/**
 * What an experiment is shown for.
 * @typedef {object} ExperimentState
 * @property {Digit} digit
 * @property {Plane} input           The 28×28 that the networks read of it, 0–1.
 * @property {Record<string, Prediction | null>} readings  By model; null for a blank digit.
 */

/** @typedef {{diverging: import("./draw/color-scale.js").ColorScale, ink: import("./draw/color-scale.js").ColorScale, paper: string, line: string}} ThemeColors */

/**
 * What an experiment may know and do of its page.
 * @typedef {object} ExperimentContext
 * @property {typeof import("./api/experiments.js")} api
 * @property {() => ThemeColors} colors          Of the theme shown now; ask anew for each painting.
 * @property {Record<string, ModelInFull>} models  By id.
 * @property {(error: unknown) => void} fail     Show the visitor what went wrong.
 * @property {(message: string) => void} announce  To screen readers, when things have settled.
 * @property {AbortSignal} signal                For listeners.
 */

/**
 * One section of the page of experiments.
 *
 * The page calls `layOut` once before the first `update`, and again whenever theme or width change: fit canvases to
 * their room, and paint again what is known. It calls `update` only while the section is on the screen or near it, at
 * most once for each frame, with the newest digit; never twice with the same state. Asking the server, newest first,
 * is the experiment's own business (`api/digit-channel.js`).
 *
 * @typedef {object} Experiment
 * @property {(state: ExperimentState) => void} update
 * @property {() => void} layOut
 */

/** @typedef {(root: HTMLElement, context: ExperimentContext) => Experiment} CreateExperiment */

/** @typedef {{kernelSize: number, stride: number, padding: number, filters: number, features: number}} LedgerSettings */

/**
 * @typedef {object} LedgerRow
 * @property {"perceptron" | "fully-connected" | "locally-connected" | "convolution"} id
 * @property {string} kind
 * @property {string} title
 * @property {[number, number, number]} input_shape
 * @property {[number, number, number]} output_shape
 * @property {number} outputs
 * @property {number} inputs_per_output
 * @property {number} weights            Biases included.
 * @property {number} biases
 * @property {number} multiply_adds
 * @property {number} weight_uses
 * @property {number} gradients
 * @property {number} gradient_products
 */

/** @typedef {{input_shape: [number, number, number], rows: LedgerRow[]}} Ledger */

/**
 * @typedef {object} LayerChange
 * @property {string} name
 * @property {string} kind
 * @property {[number, number, number]} shape
 * @property {number} neurons
 * @property {number} reachable   Have the pixel in their receptive field.
 * @property {number} changed     Hold another number than before.
 * @property {number[]} changed_per_filter
 * @property {number} largest     Largest |Δ|.
 */

/**
 * @typedef {object} PokeAnswer
 * @property {{framing: Framing}} input
 * @property {{row: number, column: number, before: number, after: number}} pixel
 * @property {{id: string, before: Prediction | null, after: Prediction | null, layers: LayerChange[]}[]} models
 */

/**
 * @typedef {object} LayerShift
 * @property {string} name
 * @property {string} kind
 * @property {[number, number, number]} shape
 * @property {{down: number, right: number}} map_shift  In cells of the layer's maps, the nearest whole ones.
 * @property {boolean} exact             Whether the shift is a whole number of cells.
 * @property {Box | null} inside         Cells whose receptive field lies inside the image before and after.
 * @property {number | null} residual    Largest |new map − moved old map| inside.
 * @property {number | null} cosine      Of the layer's whole vectors; null if one is all zero.
 */

/**
 * @typedef {object} ShiftAnswer
 * @property {{framing: Framing}} input
 * @property {{down: number, right: number}} shift
 * @property {number} ink_lost  0–1.
 * @property {{id: string, before: Prediction | null, after: Prediction | null, layers: LayerShift[]}[]} models
 */

/**
 * @typedef {object} ShiftCurve
 * @property {number} label
 * @property {"body" | "sample" | "prediction"} label_from
 * @property {"right" | "down"} direction
 * @property {number[]} shifts
 * @property {number[]} ink_lost
 * @property {{id: string, digit: number[], probability: number[],
 *   layers: {name: string, residual: (number | null)[], cosine: (number | null)[]}[]}[]} models
 */

/**
 * @typedef {object} MeanShiftCurve
 * @property {number} digits
 * @property {Record<"right" | "down", {shifts: number[],
 *   models: {id: string, hidden_layer: string, accuracy: number[], probability: number[], cosine: number[]}[]}>} directions
 */

/**
 * @typedef {object} Responses
 * @property {{pixels: number[][], framing: Framing}} input
 * @property {Prediction | null} prediction
 * @property {{model: string, layer: string, pre_activations: number[], activations: number[], order: number[], active: number}} templates
 * @property {{model: string, layer: string, strongest: number[], places: [number, number][], active_share: number[]}} kernels
 */

/** Accuracies for each seed. @typedef {{accuracy: number[], mean: number, deviation: number | null}} ScrambleRuns */

/**
 * @typedef {object} ScrambleRecord
 * @property {number[]} permutation       scrambled[i] = plain[permutation[i]], pixels row by row.
 * @property {number} permutation_seed
 * @property {number[]} seeds
 * @property {number} epochs
 * @property {number} training_digits
 * @property {number} validation_digits
 * @property {{id: string, plain: ScrambleRuns, scrambled: ScrambleRuns}[]} models
 */

// --- Orientation ---------------------------------------------------------------------------------------------------

/** In pixels, as the API has it. @typedef {{length: number, width: number, row: number, column: number, grating: boolean, dark: boolean}} Bar */

/**
 * @typedef {object} Tuning
 * @property {number} filter
 * @property {number[]} responses      For each angle, never negative.
 * @property {number | null} preferred  Degrees; null if it never answers.
 * @property {number} selectivity      1 − circular variance.
 * @property {"selective" | "not selective" | "silent"} verdict
 */

/**
 * @typedef {object} TuningAnswer
 * @property {string} model
 * @property {number | null} checkpoint
 * @property {Bar} bar
 * @property {"swept" | "place"} measure
 * @property {number[]} angles
 * @property {number} selective_from   Selectivity from which a filter is called selective.
 * @property {{name: string, kind: string, filters: Tuning[]}[]} layers
 */

// --- Gradients -----------------------------------------------------------------------------------------------------

/**
 * @typedef {object} GradientsAnswer
 * @property {{framing: Framing}} input
 * @property {number} label
 * @property {"body" | "sample" | "prediction"} label_from
 * @property {{id: string, loss: number, reading: Prediction | null,
 *   layers: {name: string, kind: string, shape: [number, number, number], products: number, kept: number, largest: number}[]}[]} models
 */

/** @typedef {{label: number, weight: number, gradient: number, step: number, below: number, above: number, slope: number}} GradientCheck */

/** @typedef {{label: number, rate: number, steps: number, losses: [number, number], readings: [Prediction | null, Prediction | null]}} StepAnswer */

// --- The kernel editor ---------------------------------------------------------------------------------------------

/**
 * What became of one filter.
 * @typedef {object} KernelEdit
 * @property {string} layer
 * @property {number} filter
 * @property {Float32Array | null} kernel  [C × k × k]; null leaves it as it was learned.
 * @property {boolean} silenced
 * @property {{row: number, column: number} | null} place  The only neuron that is changed; null: all of the map.
 */

/** @typedef {{digits: number, errors: number, accuracy: number, unedited_errors: number, unedited_accuracy: number}} EditedAccuracy */

// --- Training of one's own -----------------------------------------------------------------------------------------

/** @typedef {{kernel_size: number, filters: number, rate: number, digits: number, epochs: number, seed: number}} Wish */

/**
 * What a training tells: where its digits come from; then how it goes; at last what it reached.
 * @typedef {{source?: "mnist" | "synthetic", digits?: number, held_out?: number, step?: number, steps?: number, epoch?: number,
 *   loss?: number, accuracy?: number, kernels?: number[][][], validation_accuracy?: number, seconds?: number}} TrainingUpdate
 */

/** @typedef {{state: "none" | "running" | "done" | "failed" | "canceled", wish?: Wish, problem?: string | null}} TrainingAnswer */

export {};
