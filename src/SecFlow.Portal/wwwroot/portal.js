// Theme, rail and drawer: small acts of the frame that need no round trip and also work on pages without a circuit.
(function () {
  "use strict";
  const root = document.documentElement;
  const year = 31536000;
  window.secflow = { zone: function () { return Intl.DateTimeFormat().resolvedOptions().timeZone || null; } };
  function keep(name, value) { document.cookie = name + "=" + value + "; path=/; max-age=" + year + "; samesite=lax"; }
  function effective() {
    const chosen = root.dataset.theme;
    return chosen === "dark" || chosen === "light" ? chosen : (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  }
  function act(name) {
    if (name === "theme") { const next = effective() === "dark" ? "light" : "dark"; root.dataset.theme = next; keep("secflow-theme", next); }
    if (name === "rail") { const next = root.dataset.rail === "narrow" ? "wide" : "narrow"; root.dataset.rail = next; keep("secflow-rail", next); }
    if (name === "drawer") { root.toggleAttribute("data-drawer"); }
  }
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-act]");
    if (button) { event.preventDefault(); act(button.dataset.act); return; }
    const copy = event.target.closest("[data-copy]");
    if (copy && navigator.clipboard) { event.preventDefault(); navigator.clipboard.writeText(copy.dataset.copy); copy.classList.add("copied"); setTimeout(function () { copy.classList.remove("copied"); }, 1200); return; }
    if (root.hasAttribute("data-drawer") && (event.target.closest(".rail a") || !event.target.closest(".rail"))) { root.removeAttribute("data-drawer"); }
    const menu = document.querySelector("details.menu[open]");
    if (menu && (!event.target.closest("details.menu") || event.target.closest(".menu-body a"))) { menu.removeAttribute("open"); }
  });
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") { root.removeAttribute("data-drawer"); document.querySelectorAll("details.menu[open]").forEach(function (m) { m.removeAttribute("open"); }); } });
  document.addEventListener("change", function (event) { const form = event.target.closest("form[data-submit-on-change]"); if (form) { form.submit(); } });
})();
