"""The lessons: what a teacher does step by step, and the exercises of the worksheet.

Texts name measured values in braces, such as ``{sum}``. The page's script measures them on the digit of the pad through
the API: ``static/js/lessons/`` has a module for each lesson that gives a text for each name, the fields of each link
and the numbers of each figure. This module knows no digit, no network and no page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_VALUE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Text:
    """A piece of a text.

    Attributes:
        text: What it says; of a measured value its name.
        is_measured: Whether it stands for a measured value.
    """

    text: str
    is_measured: bool = False


def pieces_of(text: str) -> list[Text]:
    """Split a text at its measured values.

    >>> [(piece.text, piece.is_measured) for piece in pieces_of("ReLU({sum}) = {activation}")]
    [('ReLU(', False), ('sum', True), (') = ', False), ('activation', True)]
    """
    return [Text(part, bool(index % 2)) for index, part in enumerate(_VALUE.split(text)) if part]


@dataclass(frozen=True)
class Exercise:
    """What students work out.

    Attributes:
        text: The task.
        solution: The result; it names at least one measured value where the result is a number on the screen.
        lines: How many lines the worksheet leaves for it.
    """

    text: str
    solution: str
    lines: int = 1

    @property
    def is_measured(self) -> bool:
        """Whether the solution is a number of this digit."""
        return bool(_VALUE.search(self.solution))


@dataclass(frozen=True)
class Step:
    """One part of a lesson, at one page.

    Attributes:
        id: Name of the link in the lesson's script, unique in the lesson.
        title: What is done.
        minutes: How long it takes.
        path: Path of the page that is opened.
        page: Name of that page and of what it shows first.
        text: What to do there.
        exercises: In the order of the worksheet.
        figures: Names of the figures on the worksheet and in the lesson.
        discuss: What to discuss in class afterward; empty if nothing.
    """

    id: str
    title: str
    minutes: int
    path: str
    page: str
    text: str
    exercises: tuple[Exercise, ...]
    figures: tuple[str, ...] = ()
    discuss: str = ""


@dataclass(frozen=True)
class Lesson:
    """A lesson of 30 to 45 minutes.

    Attributes:
        slug: Its name in addresses and the name of its script.
        title: Its name.
        goal: What students can do afterward.
        needs: What they know before.
        steps: In order.
        needs_error: Whether it opens with a digit that the convolutional network classifies incorrectly.
    """

    slug: str
    title: str
    goal: str
    needs: str
    steps: tuple[Step, ...]
    needs_error: bool = False

    @property
    def minutes(self) -> int:
        """How long it takes."""
        return sum(step.minutes for step in self.steps)

    def texts(self) -> Iterator[str]:
        """Every text that may name measured values."""
        for step in self.steps:
            yield from (step.text, step.discuss)
            for exercise in step.exercises:
                yield from (exercise.text, exercise.solution)


KERNELS = Lesson(
    slug="kernels",
    title="What a kernel is",
    goal="Students compute one cell of a feature map by hand and explain why all cells of a map use the same weights.",
    needs="Multiplying and adding decimal numbers. Nothing about neural networks.",
    steps=(
        Step(
            id="cell",
            title="Compute one cell by hand",
            minutes=12,
            path="/",
            page="Explore, with the lens on one cell",
            text="The lens shows one cell of map {filter}: the square of the digit that it sees, the kernel, and their "
            "products. The worksheet has the same square and the same kernel.",
            figures=("patch", "kernel"),
            exercises=(
                Exercise(
                    "Multiply the pixel in row {product_row}, column {product_column} of the square by the weight at "
                    "the same position of the kernel. What is the product?",
                    "{pixel} × {weight} = {product}. With the rounded numbers of the sheet, the last decimal may "
                    "differ.",
                ),
                Exercise(
                    "The products of all {count} pixels add up to {products_sum}; the bias is {bias}. What is the sum?",
                    "{sum}, rounded to three decimals",
                ),
                Exercise("The ReLU turns negative numbers into 0. What is the activation?", "{activation}"),
            ),
        ),
        Step(
            id="elsewhere",
            title="Apply the kernel elsewhere",
            minutes=6,
            path="/",
            page="Explore, with the lens on another cell",
            text="The same map, but the cell at row {low_row}, column {low_column}: the one with the smallest sum.",
            exercises=(
                Exercise(
                    "Compare with the first cell. Which is different, the square or the kernel?",
                    "Only the square: all cells of a map share the kernel.",
                ),
                Exercise(
                    "What is the sum of this cell, and what does the ReLU make of it?",
                    "{low_sum}; then {low_activation}",
                ),
            ),
            discuss="Why is it useful that a feature is detected in the same way everywhere?",
        ),
        Step(
            id="orientation",
            title="Find what the kernel detects",
            minutes=7,
            path="/orientation",
            page="Orientation",
            text="A bar is moved over the input at every angle. Find the card of filter {filter}.",
            figures=("map",),
            exercises=(
                Exercise(
                    "At which angle of the bar is filter {filter} activated most? Draw a line with this angle beside "
                    "the map. 0° is horizontal; angles grow counterclockwise.",
                    "{preferred}",
                ),
                Exercise(
                    "The layer has {filters} such kernels of {size}, and each of its maps has {cells} cells. How many "
                    "weights does it have, and how often is each weight used for one digit?",
                    "{weights} weights, each used {uses} times",
                ),
            ),
        ),
        Step(
            id="off",
            title="Turn the filter off",
            minutes=5,
            path="/editor",
            page="Kernel editor, with filter {filter} turned off",
            text="All weights of the kernel are set to zero. The other kernels stay as they were trained.",
            exercises=(
                Exercise(
                    "Before, the network predicts {predicted}. What does it predict now, and with which probability?",
                    "{edited}",
                ),
            ),
            discuss="Turn more filters off. How many can the network lose before its prediction changes?",
        ),
    ),
)

LOCAL_AND_GLOBAL = Lesson(
    slug="local-and-global",
    title="Local against global",
    goal="Students count the weights of both kinds of layers and predict what happens when a digit changes or moves.",
    needs="What a kernel is: the lesson before, or the first three claims of the tour.",
    steps=(
        Step(
            id="count",
            title="Count weights and products",
            minutes=12,
            path="/local-and-global",
            page="Local and global, experiment 1",
            text="Both layers read the same {pixels} pixels. A fully connected neuron has a weight for each of them; a "
            "convolution has one kernel for each map.",
            exercises=(
                Exercise(
                    "How many weights does a fully connected layer of {features} neurons need? Do not count biases.",
                    "{pixels} × {features} = {dense_weights}",
                ),
                Exercise("How many does a convolution of {filters} kernels of {size} need?", "{weights}"),
                Exercise(
                    "Its maps have {outputs} cells in all. How many products does it compute for one digit?",
                    "{products}",
                ),
            ),
            discuss="The convolution has far fewer weights, but hardly fewer products. What does each number cost?",
        ),
        Step(
            id="pixel",
            title="Change one pixel",
            minutes=10,
            path="/local-and-global",
            page="Local and global, experiment 2",
            text="The pixel at row {row}, column {column} is inverted: ink becomes paper.",
            exercises=(
                Exercise("How many of the {features} neurons of the perceptron change their sum?", "{global_changed}"),
                Exercise(
                    "In each map of the convolution, how many of the {cells} cells change?",
                    "{local_changed}",
                ),
                Exercise(
                    "Why exactly so many?",
                    "A cell changes if the pixel lies in its square, which has as many pixels as the kernel has "
                    "weights. At the edge of the image there are fewer such cells.",
                    lines=2,
                ),
            ),
        ),
        Step(
            id="features",
            title="Global and local features",
            minutes=8,
            path="/local-and-global",
            page="Local and global, experiment 3",
            text="Each of the {features} neurons of the perceptron compares the whole digit with one template.",
            figures=("template",),
            exercises=(
                Exercise("How many of the {features} templates are activated by this digit?", "{active}"),
                Exercise(
                    "The most activated template is shown here. Can you see this digit in it?",
                    "Template {template}, activation {template_activation}. Templates seldom look like one digit: each "
                    "takes part in the decision for several classes.",
                    lines=2,
                ),
            ),
        ),
        Step(
            id="move",
            title="Move the digit",
            minutes=15,
            path="/local-and-global",
            page="Local and global, experiment 4, moved by {shift} pixels",
            text="The digit has been moved to the right by {shift} pixels. Nothing else has changed.",
            exercises=(
                Exercise(
                    "What does the perceptron predict for the moved digit, and with which probability?",
                    "{perceptron_moved}; before, {perceptron_before}",
                ),
                Exercise("And the convolutional network?", "{convolution_moved}; before, {convolution_before}"),
                Exercise(
                    "Look at the curves. By how many pixels can each network's digit be moved to the right?",
                    "{curves}",
                    lines=2,
                ),
            ),
            discuss="A map moves with the digit, but the last layer is fully connected. Which part of the network "
            "decides how far a digit can move?",
        ),
    ),
)

LEARNING = Lesson(
    slug="learning",
    title="How a network learns",
    goal="Students explain loss, gradient and learning rate, and why kernels that start equal stay equal.",
    needs="What a kernel is. What a probability is.",
    needs_error=True,
    steps=(
        Step(
            id="before",
            title="Before training",
            minutes=8,
            path="/",
            page="Explore, at training step 0",
            text="The network as it was before training: its weights are random numbers.",
            figures=("kernel_before", "kernel_after"),
            exercises=(
                Exercise("What does the untrained network predict, and with which probability?", "{untrained}"),
                Exercise(
                    "How many of the 10,000 test digits does it classify correctly? Would guessing be better?",
                    "{untrained_accuracy}. Guessing among ten classes gives 10%.",
                ),
            ),
        ),
        Step(
            id="middle",
            title="After a few steps",
            minutes=5,
            path="/",
            page="Explore, at training step {middle_step}",
            text="The same network after {middle_step} steps of {last_step}.",
            exercises=(
                Exercise("What does it predict now?", "{middle}"),
                Exercise("How many of the test digits does it classify correctly?", "{middle_accuracy}"),
            ),
            discuss="Which kernels have changed most since step 0?",
        ),
        Step(
            id="loss",
            title="Loss and gradient",
            minutes=12,
            path="/gradients",
            page="Gradients, kernel {filter}",
            text="The loss of one digit is −ln of the probability of its true class, here {label}. The gradient shows "
            "how the loss changes with each weight.",
            exercises=(
                Exercise("The probability of {label} is {probability}. What is the loss, in nats?", "{loss}"),
                Exercise(
                    "All positions of map {filter} contribute to the gradient of its kernel. How many contributions "
                    "are added up?",
                    "{contributions}",
                ),
                Exercise(
                    "Read the gradient of the weight in row {weight_row}, column {weight_column}, with its power of "
                    "ten. Must this weight grow or shrink to make the loss smaller?",
                    "{gradient}{gradient_power}: it must {direction}.",
                ),
            ),
        ),
        Step(
            id="step",
            title="Take one step",
            minutes=5,
            path="/gradients",
            page="Gradients, with learning rate {rate}",
            text="Press “Take a step”: each weight moves against its gradient, times the learning rate {rate}.",
            exercises=(
                Exercise("What is the loss after one step?", "{loss_after}"),
                Exercise(
                    "Choose a learning rate 100 times as large. What happens, and why?",
                    "The loss may rise: the gradient is right only near the present weights, and a large step goes too "
                    "far.",
                    lines=2,
                ),
            ),
        ),
        Step(
            id="train",
            title="Train a network of your own",
            minutes=15,
            path="/train",
            page="Train your own",
            text="Train once with random kernels and once with all kernels equal.",
            exercises=(
                Exercise(
                    "Start with all kernels equal. Why do they stay equal?",
                    "They have equal weights, so equal maps; their outgoing weights are equal too, so they get equal "
                    "gradients and take equal steps.",
                    lines=2,
                ),
            ),
            discuss="Why do networks start with random weights?",
        ),
    ),
)

FAILURES = Lesson(
    slug="failures",
    title="When it fails",
    goal="Students find out how often and why a good network is wrong, and what its probability is worth.",
    needs="What a kernel and a feature map are.",
    needs_error=True,
    steps=(
        Step(
            id="digit",
            title="A digit to argue about",
            minutes=5,
            path="/",
            page="Explore",
            text="Look at the digit before you look at the prediction.",
            exercises=(
                Exercise("Which digit do you see?", "Its label says: {label}."),
                Exercise("What does the network predict, and with which probability?", "{predicted}"),
                Exercise("Which class comes second, and with which probability?", "{second}"),
            ),
        ),
        Step(
            id="errors",
            title="How often is it wrong?",
            minutes=8,
            path="/errors",
            page="Errors",
            text="All test digits are classified, and the table counts which digit is taken for which.",
            exercises=(
                Exercise("How many of the {tested} test digits does the network classify incorrectly?", "{errors}"),
                Exercise("Which error is the most common, and how often does it happen?", "{commonest}"),
                Exercise("Of the digits predicted with 90% or more, how many are classified correctly?", "{confident}"),
                Exercise(
                    "How many test digits of class {predicted_class} are there, and how many of them are found?",
                    "{class_count}, of which {class_correct} are found",
                ),
            ),
            discuss="Would you let this network sort letters? Dose a medicine?",
        ),
        Step(
            id="pixels",
            title="Which pixels decide?",
            minutes=8,
            path="/saliency",
            page="Saliency",
            text="Orange pixels support the predicted class {predicted_class}; blue pixels count against it.",
            figures=("occlusion",),
            exercises=(
                Exercise("What is the logit of the predicted class?", "{logit}"),
                Exercise(
                    "Cover the digit with the square. Point at row {fall_row}, column {fall_column} of the map of "
                    "occlusion: by how much does the logit fall there?",
                    "{fall}",
                ),
            ),
        ),
        Step(
            id="layers",
            title="What does it look like inside?",
            minutes=9,
            path="/layers",
            page="What layers know, {deep_layer}",
            text="The {neighbors} most similar test digits, first by their activations in the last layer of maps, then "
            "by their pixels.",
            exercises=(
                Exercise("In {deep_layer}, which classes do the {neighbors} nearest digits have?", "{deep_labels}"),
                Exercise("Choose the layer “input”. Which classes do they have now?", "{input_labels}"),
            ),
            discuss="Where did the network go wrong: early, with the pixels, or late?",
        ),
        Step(
            id="noise",
            title="Disturb it",
            minutes=10,
            path="/robustness",
            page="Robustness, noise of {noise}",
            text="Noise of standard deviation {noise} has been added to the pixels. Three networks are compared.",
            exercises=(
                Exercise("What does the convolutional network predict now, and with which probability?", "{noisy}"),
                Exercise(
                    "How many of the test digits with this noise does each network classify correctly?",
                    "{noisy_accuracy}",
                ),
            ),
            discuss="Which network loses most? Try other changes: is it always the same one?",
        ),
    ),
)

LESSONS = (KERNELS, LOCAL_AND_GLOBAL, LEARNING, FAILURES)
"""In the order in which they build on each other."""


def lesson_of(slug: str) -> Lesson | None:
    """The lesson of an address; none if there is no such lesson."""
    return next((lesson for lesson in LESSONS if lesson.slug == slug), None)
