// @ts-check
// The shapes that modules hand to each other; types only, nothing runs here.

/** A point in pad units: x and y, 0–1 inside the pad, y down. @typedef {[number, number]} Point */

/** The points of one stroke, in the order drawn. @typedef {Point[]} Stroke */

/**
 * The drawing or picture that is classified: strokes, one of MNIST's test digits, an uploaded image, or a network's input.
 * `label` is the class that it really is, if the visitor has said so.
 * @typedef {({kind: "strokes", strokes: Stroke[], penWidth: number}
 *   | {kind: "sample", index: number}
 *   | {kind: "image", name: string, base64: string, adjustment?: Adjustment}
 *   | {kind: "pixels", plane: Plane}) & {label?: number}} Digit
 */

/**
 * What the visitor did to an image: the part to keep as left, top, width and height in fractions, degrees to turn it
 * clockwise, and the share of the full contrast from which on a pixel is ink; null as the server chooses.
 * @typedef {{crop: [number, number, number, number] | null, rotate: number, threshold: number | null}} Adjustment
 */

/**
 * Values with their shape, last axis fastest. The digit has `inColor` if it is an image whose colors the network reads:
 * its channels [3, H, W], and the image as canvas pixels.
 * @typedef {{shape: number[], data: Float32Array, inColor?: {channels: Tensor, pixels: Uint32Array}}} Tensor
 */

/** One feature map or channel; an image in color is painted by its pixels. @typedef {{width: number, height: number, data: Float32Array, pixels?: Uint32Array}} Plane */

/** @typedef {{digit: number, probability: number}} Prediction */

/** @typedef {{top: number, left: number, height: number, width: number}} Box */

/**
 * @typedef {object} Framing
 * @property {string} applied            "mnist" or "none".
 * @property {Box | null} crop           The ink's bounding box in the source.
 * @property {Box | null} placed         The same box in the input.
 * @property {[number, number]} source_size  Rows and columns of the source.
 * @property {string | null} polarity    Of an image: whether its ink is dark or light.
 * @property {string[]} removed          For an image, what was in it and is no ink.
 * @property {number} shapes             2 if two lay side by side, of which one was framed.
 */

/**
 * Which weights of the training history are shown: those after `step`; with a pinned step, also what has changed since then.
 * @typedef {{step: number, pinned: number | null, shown: Shown}} TrainingView
 */

/** Of two digits or steps that are compared, the one that the maps show, or the difference. @typedef {"now" | "held" | "difference"} Shown */

/**
 * What to compute: a digit, and the layers whose maps to return; without `training`, by the finished network.
 * @typedef {{digit: Digit, layers: string[], training?: TrainingView | null}} ActivationsRequest
 */

/**
 * The server's response for one digit.
 * @typedef {object} ActivationsResponse
 * @property {number} sequence    Of the request.
 * @property {Digit} digit        Of the request.
 * @property {Prediction | null} prediction
 * @property {Framing} framing
 * @property {Record<string, Tensor>} tensors  By layer name, those that were requested; also `input`, `logits` and `probabilities`.
 * @property {boolean} [compared] Whether its maps are differences from the maps of a held digit or an earlier step.
 * @property {Training} [training] If it was computed with weights of the training history.
 */

/**
 * What the page needs to show a response that was computed with earlier weights.
 * @typedef {object} Training
 * @property {TrainingView} view               Of the request.
 * @property {number} step                     The step of the response's maps and prediction.
 * @property {ActivationsResponse} shown       With the maps to show: its own, or the differences.
 * @property {(layer: string) => Tensor | undefined} kernelsOf  Of its step, in half precision; undefined until they are loaded.
 * @property {(layer: string) => number} rangeOf                The weight at the end of its kernels' colors; NaN while unknown.
 */

/** [height, width]. @typedef {[number, number]} Pair */

/** The input pixels that neurons see: from `start + jump · i`, `size` pixels. @typedef {{size: Pair, jump: Pair, start: Pair}} ReceptiveField */

/** One value of one feature map. @typedef {{layer: string, filter: number, row: number, column: number}} Neuron */

/**
 * One neuron of a layer with weights, for one digit: patch, kernel and products are [channel][row][column].
 * @typedef {{patch: number[][][], kernel: number[][][], products: number[][][], bias: number, pre_activation: number, activation: number}} NeuronArithmetic
 */

/**
 * @typedef {object} LayerDescription
 * @property {string} name
 * @property {string} kind
 * @property {string} operation  weighted_sum, maximum, mean, copy, rectifier, function or softmax.
 * @property {string | null} function  The name of a function of each value, such as ReLU.
 * @property {[number, number, number]} input_shape
 * @property {[number, number, number]} output_shape
 * @property {Pair | null} kernel_size
 * @property {Pair | null} stride
 * @property {Pair | null} padding
 * @property {Pair} dilation     From one weight of a kernel to the next; in the holes between them it has zeros.
 * @property {number} groups     Of maps: a filter reads those of its own group.
 * @property {number} weights    Without biases.
 * @property {number} biases
 * @property {number} parameters  Weights and biases.
 * @property {number} multiply_adds  For one digit.
 * @property {number} weight_uses    Of each weight, for one digit.
 * @property {ReceptiveField} receptive_field
 * @property {[number, number]} display_range
 * @property {number[]} dead_filters
 */

/** @typedef {{id: string, classes: string[], layers: LayerDescription[]}} ModelDescription */

/** What a layer learned: kernels [F, C, k, k], biases [F]. @typedef {{kernels: Tensor, biases: Tensor}} Weights */

/**
 * The arrays from which one neuron's arithmetic is computed.
 * @typedef {object} Sources
 * @property {Tensor} reads           The input maps of its layer.
 * @property {Tensor | null} own      Its layer's maps; null until they are loaded.
 * @property {{kind: "function", title: string, tensor: Tensor | null} | {kind: "softmax", tensor: Tensor} | null} after
 *   The layer that follows and its maps; those of a ReLU are not needed.
 * @property {Weights | null} weights Null for a layer without weights.
 */

/**
 * One neuron's arithmetic. Arrays are [channel][row][column], flat.
 * @typedef {object} Arithmetic
 * @property {number} channels
 * @property {number} rows
 * @property {number} columns
 * @property {number} firstChannel   Of the input maps, the first in the patch.
 * @property {Box} span              Where the patch lies in the input maps; may reach into padding.
 * @property {Float32Array} patch
 * @property {Float32Array | null} kernel
 * @property {Float64Array | null} products
 * @property {Float64Array | null} sums  Of each channel's products.
 * @property {number} bias
 * @property {number | null} winner  Of max pooling: the index of the largest value in the patch.
 * @property {number} computed       In double precision.
 * @property {number | null} stored  As the network computed it, in single precision.
 * @property {{kind: "function", title: string, computed: number, stored: number} | {kind: "softmax", exponentials: number[], sum: number, largest: number,
 *   computed: number, stored: number} | null} after
 */

/** A training step whose weights were stored. @typedef {{step: number, test_accuracy: number}} Checkpoint */

/** One pass over the training digits; loss in nats. @typedef {{epoch: number, step: number, loss: number, accuracy: number}} Epoch */

/** A network's training. @typedef {{model: string, checkpoints: Checkpoint[], epochs: Epoch[]}} TrainingHistory */

/**
 * What the lens, the comparison and the training history can use of the workbench.
 * @typedef {object} Bench
 * @property {ModelDescription} model
 * @property {import("./network/selectors.js").Section[]} sections
 * @property {{getState: () => State, dispatch: (action: Action) => void,
 *   subscribe: (listener: (state: State, previous: State) => void) => () => void}} store
 * @property {() => {diverging: import("./draw/color-scale.js").ColorScale, ink: import("./draw/color-scale.js").ColorScale}} colors
 * @property {(layer: string) => Tensor | undefined} kernelsOf  The finished network's, in half precision.
 * @property {(layer: string) => Promise<Weights>} weightsOf    The finished network's.
 * @property {(layer: string, kernels?: Tensor, range?: number) => void} showKernels  The defaults are those of the finished network.
 * @property {Pick<ReturnType<typeof import("./network/filter-names.js").createFilterNames>, "nameOf" | "pageOf">} names  Of filters.
 * @property {(error: unknown) => void} fail
 * @property {() => void} repaint
 * @property {AbortSignal} signal  For listeners.
 */

/** Stops of a diverging map: position −1–1 and its color. @typedef {{stops: [number, [number, number, number]][]}} Colormap */

/**
 * The data that the server writes into the page.
 * @typedef {object} PageData
 * @property {ModelDescription} model
 * @property {string | null} gallery_model  The model whose predictions the gallery of test digits shows; null: none are stored.
 * @property {Record<"light" | "dark", Colormap>} colormaps
 * @property {{image_bytes: number, message_bytes: number, network_bytes: number}} limits  No bytes: no networks are taken.
 */

/**
 * The state of the workbench.
 * @typedef {object} State
 * @property {Digit} digit
 * @property {Digit[]} past       For undo, oldest first.
 * @property {Digit[]} future     For redo, next first.
 * @property {"pen" | "eraser"} tool
 * @property {number} penWidth    In pad units.
 * @property {boolean} rectified  Whether convolutional layers show their maps after ReLU.
 * @property {number} boost       0: the layer's scale; 1: each map to its own maximum.
 * @property {ActivationsResponse | null} response
 * @property {{layer: string, filter: number} | null} isolated
 * @property {Neuron | null} neuron  The one to which the lens is pinned.
 * @property {TrainingView | null} training  Null for the finished network.
 */

/**
 * @typedef {{type: "strokeStarted", point: Point}
 *   | {type: "strokeExtended", points: Point[]}
 *   | {type: "eraseStarted", points: Point[]}
 *   | {type: "erased", points: Point[]}
 *   | {type: "undone"} | {type: "redone"} | {type: "cleared"}
 *   | {type: "digitChosen", digit: Digit}
 *   | {type: "labelChosen", label: number | null}
 *   | {type: "toolChosen", tool: "pen" | "eraser"}
 *   | {type: "penWidthChosen", penWidth: number}
 *   | {type: "rectificationChosen", rectified: boolean}
 *   | {type: "boostChosen", boost: number}
 *   | {type: "mapIsolated", layer: string, filter: number}
 *   | {type: "isolationEnded"}
 *   | {type: "neuronPinned", neuron: Neuron}
 *   | {type: "viewRestored", view: Partial<Pick<State, "rectified" | "boost" | "neuron" | "training">>}
 *   | {type: "trainingChosen", training: TrainingView | null}
 *   | {type: "responseReceived", response: ActivationsResponse}} Action
 */

// --- Local against global ------------------------------------------------------------------------------------------

/** @typedef {ModelDescription & {title: string, test_accuracy: number}} ModelInFull */

/** How a network's first layer is connected to the digit. @typedef {"fully-connected" | "locally-connected" | "convolution"} Connection */

/** One of the shipped networks that are compared. @typedef {{id: string, name: string, connection: Connection}} ComparedModel */

/** @typedef {ComparedModel & {model: ModelInFull}} ComparedNetwork */

/** @typedef {Record<Connection, ComparedNetwork>} ComparedNetworks */

/**
 * The data that the server writes into the page of experiments.
 * @typedef {object} ExperimentsPageData
 * @property {ModelInFull[]} models      Those that are compared; on pages that compare models.
 * @property {ComparedModel[]} compared  From full connections to shared weights.
 * @property {ModelInFull} model         The model of the page.
 * @property {string | null} gallery_model
 * @property {PageData["colormaps"]} colormaps
 * @property {PageData["limits"]} limits
 */

/**
 * The digit for which an experiment is shown.
 * @typedef {object} ExperimentState
 * @property {Digit} digit
 * @property {Plane} input           The networks' 28×28 input, 0–1.
 * @property {Record<string, Prediction | null>} predictions  By model; null for a blank digit.
 */

/** @typedef {{diverging: import("./draw/color-scale.js").ColorScale, ink: import("./draw/color-scale.js").ColorScale, paper: string, line: string}} ThemeColors */

/**
 * What an experiment can use of its page.
 * @typedef {object} ExperimentContext
 * @property {typeof import("./api/experiments.js")} api
 * @property {() => ThemeColors} colors          Of the current theme; call it again for each painting.
 * @property {Record<string, ModelInFull>} models  By id.
 * @property {ComparedNetworks} compared
 * @property {(error: unknown) => void} fail     Shows the error to the visitor.
 * @property {(message: string) => void} announce  To screen readers, after a pause without further messages.
 * @property {() => void} rememberInAddress      A choice has changed that a link holds.
 * @property {AbortSignal} signal                For listeners.
 */

/**
 * One section of the page of experiments.
 *
 * The page calls `layOut` once before the first `update`, and again whenever the theme or the width changes; it sizes the
 * canvases and paints them again. The page calls `update` only while the section is on the screen or near it, at most once
 * for each frame, with the newest digit, and never twice with the same state. The experiment itself sends requests to the
 * server, through `api/digit-channel.js`.
 *
 * @typedef {object} Experiment
 * @property {(state: ExperimentState) => void} update
 * @property {() => void} layOut
 * @property {() => Record<string, string | number | null>} [fields]  Of a link; null where nothing was chosen.
 * @property {(fields: URLSearchParams) => void} [restore]  As a link has them.
 */

/** @typedef {(root: HTMLElement, context: ExperimentContext) => Experiment} CreateExperiment */

/** @typedef {{kernelSize: number, stride: number, padding: number, filters: number, features: number}} LayerGeometry */

/**
 * @typedef {object} LayerCost
 * @property {"perceptron" | "fully-connected" | "locally-connected" | "convolution"} id
 * @property {string} kind
 * @property {string} title
 * @property {[number, number, number]} input_shape
 * @property {[number, number, number]} output_shape
 * @property {number} outputs
 * @property {number} inputs_per_output
 * @property {number} weights            Without biases.
 * @property {number} parameters         Weights and biases.
 * @property {number} biases
 * @property {number} multiply_adds
 * @property {number} weight_uses
 * @property {number} gradients
 * @property {number} gradient_products
 */

/** @typedef {{input_shape: [number, number, number], layers: LayerCost[]}} LayerCosts */

/**
 * @typedef {object} LayerChange
 * @property {string} name
 * @property {string} kind
 * @property {[number, number, number]} shape
 * @property {number} neurons
 * @property {number} reachable   Have the pixel in their receptive field.
 * @property {number} changed     Change their value.
 * @property {number[]} changed_per_filter
 * @property {number} largest     Largest |Δ|.
 */

/**
 * @typedef {object} PerturbPixelResponse
 * @property {{framing: Framing}} input
 * @property {{row: number, column: number, before: number, after: number}} pixel
 * @property {{id: string, before: Prediction | null, after: Prediction | null, layers: LayerChange[]}[]} models
 */

/**
 * @typedef {object} LayerTranslation
 * @property {string} name
 * @property {string} kind
 * @property {[number, number, number]} shape
 * @property {{down: number, right: number}} map_translation  In cells of the layer's maps, the nearest whole ones.
 * @property {boolean} exact             Whether the digit moves by a whole number of cells.
 * @property {Box | null} inside         Cells whose receptive field lies inside the image before and after.
 * @property {number | null} residual    Largest |new map − translated old map| inside.
 * @property {number | null} cosine      Of the layer's whole vectors; null if one is all zero.
 */

/**
 * @typedef {object} TranslationResponse
 * @property {{framing: Framing}} input
 * @property {{down: number, right: number}} translation
 * @property {number} ink_lost  0–1.
 * @property {{id: string, before: Prediction | null, after: Prediction | null, layers: LayerTranslation[]}[]} models
 */

/**
 * @typedef {object} TranslationCurve
 * @property {number} label
 * @property {"body" | "sample" | "prediction"} label_from
 * @property {"right" | "down"} direction
 * @property {number[]} offsets
 * @property {number[]} ink_lost
 * @property {{id: string, digit: number[], probability: number[],
 *   layers: {name: string, residual: (number | null)[], cosine: (number | null)[]}[]}[]} models
 */

/**
 * @typedef {object} MeanTranslationCurve
 * @property {number} digits
 * @property {Record<"right" | "down", {offsets: number[],
 *   models: {id: string, hidden_layer: string, accuracy: number[], probability: number[], cosine: number[]}[]}>} directions
 */

/**
 * @typedef {object} FeatureComparison
 * @property {{pixels: number[][], framing: Framing}} input
 * @property {{model: string, layer: string, prediction: Prediction | null, pre_activations: number[], activations: number[],
 *   order: number[], active: number}} perceptron
 * @property {{model: string, layer: string, prediction: Prediction | null, strongest: number[], positions: [number, number][],
 *   active_share: number[]}} convolution
 */

/** Accuracies for each seed. @typedef {{accuracy: number[], mean: number, deviation: number | null}} TrainingRuns */

/**
 * @typedef {object} PixelPermutation
 * @property {number[]} permutation       permuted[i] = plain[permutation[i]], pixels row by row.
 * @property {number} permutation_seed
 * @property {number[]} seeds
 * @property {number} epochs
 * @property {number} training_digits
 * @property {number} validation_digits
 * @property {{id: string, plain: TrainingRuns, permuted: TrainingRuns}[]} models
 */

// --- Orientation ---------------------------------------------------------------------------------------------------

/** In pixels, as the API has it. @typedef {{length: number, width: number, row: number, column: number, grating: boolean, dark: boolean}} Bar */

/**
 * @typedef {object} Tuning
 * @property {number} filter
 * @property {number[]} activations    For each angle, minus the activation for the background; never negative.
 * @property {number | null} preferred  Degrees; null if it is never activated.
 * @property {number} selectivity      1 − circular variance.
 * @property {"selective" | "not selective" | "inactive"} verdict
 */

/**
 * @typedef {object} OrientationTuning
 * @property {string} model
 * @property {number | null} checkpoint
 * @property {Bar} bar
 * @property {TuningMeasure} measure
 * @property {number[]} angles
 * @property {number} selective_from   Selectivity from which a filter is called selective.
 * @property {{name: string, kind: string, filters: Tuning[]}[]} layers
 */

/** @typedef {"swept" | "center"} TuningMeasure */

/**
 * Filters that are compared with others.
 * @typedef {object} TuningGroup
 * @property {string} id
 * @property {string} label
 * @property {"filters" | "neurons"} noun
 * @property {string} model
 * @property {number | null} checkpoint
 * @property {string} rectifier    The first ReLU layer.
 * @property {string} kernels      The last layer with weights before it.
 * @property {boolean} is_shared   Whether its kernels are the same at every position.
 * @property {number} largest      The activation at the end of the color scale.
 */

/** What saliency and occlusion say besides their maps. @typedef {{model: string, label: number, prediction: {digit: number, probability: number} | null, logit: number}} Attribution */

// --- Gradients -----------------------------------------------------------------------------------------------------

/**
 * One layer's part of backpropagation.
 * @typedef {object} LayerGradient
 * @property {string} name
 * @property {string} kind
 * @property {[number, number, number]} shape
 * @property {number} products   δ · x that are computed for the gradient of its weights.
 * @property {number} gradients  Numbers that they are added up into: one for each weight and bias.
 * @property {number} largest    Largest |δ|.
 */

/** @typedef {{id: string, loss: number, prediction: Prediction | null, layers: LayerGradient[]}} ModelGradients */

/**
 * @typedef {object} GradientsResponse
 * @property {{framing: Framing}} input
 * @property {number} label
 * @property {"body" | "sample" | "prediction"} label_from
 * @property {ModelGradients[]} models
 */

/** @typedef {{label: number, weight: number, gradient: number, step: number, loss_below: number, loss_above: number, finite_difference: number}} GradientCheck */

/**
 * What the δ of one neuron is added up from.
 * @typedef {object} BackwardPass
 * @property {number} label
 * @property {number} loss
 * @property {string} layer
 * @property {{filter: number, row: number, column: number, value: number, delta: number}} neuron
 * @property {{layer: string, operation: "weighted_sum" | "maximum" | "mean" | "copy" | "rectifier" | "function" | "loss", first_filter: number, box: Box}} readers
 * @property {{step: number, loss_below: number, loss_above: number, finite_difference: number, kinks: number, resolution: number} | null} check
 */

/**
 * A network before and after steps of gradient descent on one digit.
 * @typedef {object} GradientDescent
 * @property {number} label
 * @property {number} learning_rate
 * @property {number} steps_taken
 * @property {boolean} diverged     Whether the next step would make a number infinite.
 * @property {string} layer
 * @property {string} maps_layer    Whose maps are shown: the layer's ReLU, or itself.
 * @property {[number, number]} losses
 * @property {[Prediction | null, Prediction | null]} predictions
 */

// --- The kernel editor ---------------------------------------------------------------------------------------------

/**
 * A change to one filter.
 * @typedef {object} KernelEdit
 * @property {string} layer
 * @property {number} filter
 * @property {Float32Array | null} kernel  [C × kH × kW]; null keeps the learned one.
 * @property {boolean} ablated  Whether the filter is turned off: its weights are zero.
 * @property {{row: number, column: number} | null} position  The only neuron that changes; null: every neuron of the map.
 */

/** @typedef {{digits: number, errors: number, accuracy: number, unedited_errors: number, unedited_accuracy: number}} EditedAccuracy */

export {};

/**
 * The name of a filter and the measured values behind it.
 * @typedef {object} FilterName
 * @property {number} filter
 * @property {string} name                  "edge at 78°, ink on the left".
 * @property {"edge" | "line" | "end" | "not selective" | "inactive"} kind
 * @property {number | null} angle          Degrees.
 * @property {string | null} ink            On which side of an edge.
 * @property {number} activation            For the strongest stimulus, minus that for blank paper.
 * @property {number} selectivity
 * @property {number} direction
 */

/**
 * @typedef {object} FilterNames
 * @property {string | null} layer      The convolution that reads the image; null if there is none.
 * @property {string | null} rectifier
 * @property {number} selective_from
 * @property {number} edge_from
 * @property {FilterName[]} filters
 */
