"""The pages that the header of every page links to, in its order.

Templates get ``NAVIGATION`` and ``page_link``; each says which page it is by ``{% set page = "…" %}``.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PageLink:
    """A link to a page.

    Attributes:
        path: The page's path.
        name: What the link says, at most four words.
        keeps_digit: Whether the page shows the visitor's digit, so that the link carries it along.
        summary: One line about the page; empty where the name is enough.
    """

    path: str
    name: str
    keeps_digit: bool = False
    summary: str = ""

    @property
    def id(self) -> str:
        """What the page calls itself.

        >>> PageLink("/local-and-global", "Local and global").id, PageLink("/", "Explore").id
        ('local-and-global', 'workbench')
        """
        return self.path.removeprefix("/") or "workbench"


@dataclass(frozen=True)
class PageMenu:
    """Links that share one entry of the header, opened on demand."""

    name: str
    links: tuple[PageLink, ...]


EXPERIMENTS = PageMenu(
    "Experiments",
    (
        PageLink(
            "/local-and-global",
            "Local and global",
            keeps_digit=True,
            summary="Count weights, change a pixel, move and permute the digit: a convolution beside a perceptron.",
        ),
        PageLink(
            "/orientation",
            "Orientation",
            summary="Rotate a bar of light and measure which angle activates each filter, as Hubel and Wiesel did.",
        ),
        PageLink(
            "/gradients",
            "Gradients",
            keeps_digit=True,
            summary="See how all positions of a map add up to the gradient of one kernel, and take training steps.",
        ),
        PageLink(
            "/editor",
            "Kernel editor",
            keeps_digit=True,
            summary="Paint a kernel or turn filters off, and see the maps, the prediction and the accuracy change.",
        ),
        PageLink(
            "/filters",
            "Filters",
            summary="What activates each filter most: patches of test digits, and an image made for it.",
        ),
        PageLink(
            "/saliency",
            "Saliency",
            keeps_digit=True,
            summary="Which pixels of your digit raise or lower a class, by gradient and by covering them.",
        ),
        PageLink(
            "/layers",
            "What layers know",
            keeps_digit=True,
            summary="Where your digit lies among 2,000 others in each layer, and how well that layer separates them.",
        ),
        PageLink(
            "/errors",
            "Errors",
            summary="Which classes a network confuses, what decided, and whether its probabilities can be trusted.",
        ),
        PageLink(
            "/robustness",
            "Robustness",
            keeps_digit=True,
            summary="Rotate, blur, cover or attack your digit until a network is fooled, and compare three networks.",
        ),
        PageLink(
            "/teach",
            "Lessons",
            summary="For a class: four lessons on these instruments, with worksheets of the digit that you choose.",
        ),
    ),
)

NAVIGATION: tuple[PageLink | PageMenu, ...] = (
    PageLink("/", "Explore", keeps_digit=True),
    PageLink("/tour", "Tour", keeps_digit=True),
    EXPERIMENTS,
    PageLink("/train", "Train your own"),
    PageLink("/docs", "API"),
)


def page_link(id: str) -> PageLink | None:
    """The link to a page; none for a page that the header does not link to, such as that of an error."""
    for entry in NAVIGATION:
        for link in entry.links if isinstance(entry, PageMenu) else (entry,):
            if link.id == id:
                return link
    return None
