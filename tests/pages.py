"""Every page of the site, and how a test sees what does not fit on a screen."""

from app.comparison import COMPARED_MODELS

READ = "#prediction li[aria-current]"

PAGES = {
    "/": READ,
    **{f"/?model={model}": READ for model in COMPARED_MODELS},
    "/tour": "main",
    "/local-and-global": "#layer-costs [data-column=outputs][data-value]",
    "/orientation": "#tuning-cards > li",
    "/gradients": "#delta-maps > li",
    "/editor": "#editor-kernels > li",
    "/saliency": READ,
    "/layers": "body[data-sheet]",
    "/errors": "body[data-compared*=relu]",
    "/robustness": "body[data-perturbed]",
    "/filters": "section[data-painted]",
    "/filters/cnn/conv3/5": "body[data-painted]",
    "/train": "#run-A .train-kernels > li",
    "/teach": "main",
    "/teach/local-and-global": "[data-measured*=v]",
    "/teach/kernels/worksheet": "[data-measured*=v]",
    "/symbols": "#symbol-list > li",
    "/docs": "main",
    "/problems/image-too-large": "main",
    "/no-such-page": "main",
}
"""Path → CSS selector of what the page shows when it has loaded its data."""

# What lies beyond the right edge of the window, or of a box that only scrolls down. In a box that scrolls sideways,
# such as a wide table, things may lie beyond its edge.
BEYOND = """() => {
  const name = (e) => e.localName + (e.id && "#" + e.id) + [...e.classList].map((c) => "." + c).join("");
  const edge = document.documentElement.clientWidth;
  const scrolls = (e) => {
    for (let box = e.parentElement; box && box !== document.body; box = box.parentElement) {
      if (getComputedStyle(box).overflowX !== "visible") return true;
    }
    return false;
  };
  const beyond = [...document.body.querySelectorAll("*")].filter((e) => {
    const { right, width, height } = e.getBoundingClientRect();
    return width && height && right > edge + 0.5 && !e.closest(".visually-hidden, .skip-link") && !scrolls(e);
  });
  const cut = [...document.querySelectorAll(".bench, .site-header")].filter((e) => e.scrollWidth > e.clientWidth + 1);
  const sideways = document.documentElement.scrollWidth > edge ? [document.documentElement] : [];
  return [...sideways, ...beyond, ...cut].slice(0, 5).map(name);
}"""
