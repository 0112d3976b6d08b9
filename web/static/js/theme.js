// Runs before the first paint (a classic script in the head): light or dark as chosen here, else as the computer is.
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    let chosen = "auto";
    try {
      chosen = localStorage.getItem("huifang.theme") || "auto";
    } catch {
      // Storage may be forbidden; the computer's setting is then used.
    }
    const theme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
    document.documentElement.setAttribute("data-bs-theme", theme);
    document.documentElement.dataset.themeChosen = chosen;
  };
  apply();
  dark.addEventListener("change", apply);
  window.addEventListener("storage", (event) => event.key === "huifang.theme" && apply());
  document.addEventListener("huifang:theme", apply);
})();
