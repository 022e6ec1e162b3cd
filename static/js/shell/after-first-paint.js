// @ts-check
// Loads a page's modules after its first paint. Not a module itself, because modules are what it delays.
(() => {
  const modules = document.querySelector("template#modules");

  function load() {
    if (modules instanceof HTMLTemplateElement) document.head.append(modules.content);
  }

  // A hidden tab paints nothing.
  if (document.hidden) load();
  else requestAnimationFrame(() => setTimeout(load));
})();
