// Tabs by address, light and dark, and the keyboard.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;
  const tabs = ["summary", "clips", "clip", "outcomes", "plots", "about"];
  let current = null;

  const remembered = (() => {
    try {
      return localStorage.getItem("bench-theme");
    } catch {
      return null; // storage may be closed to pages from disk
    }
  })();
  const setTheme = (theme) => {
    root.dataset.theme = theme;
    try {
      localStorage.setItem("bench-theme", theme);
    } catch {
      /* it lasts as long as the page */
    }
  };
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  root.dataset.theme = remembered || (prefersDark.matches ? "dark" : "light");
  const otherTheme = () => setTheme(root.dataset.theme === "dark" ? "light" : "dark");

  const route = () => {
    const [name, argument] = location.hash.replace(/^#\/?/, "").split("/");
    if (name === "main") return;
    const tab = tabs.includes(name || "summary") && byId(`tab-${name || "summary"}`) ? name || "summary" : "summary";
    for (const other of tabs) {
      const section = byId(`tab-${other}`);
      if (section) section.hidden = other !== tab;
    }
    for (const link of document.querySelectorAll("nav a")) {
      const active = link.dataset.tab === tab || (tab === "clip" && link.dataset.tab === "clips");
      if (active) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (current === "clip") Bench.clip.hide();
    current = tab;
    if (tab !== "clips") scrollTo(0, 0);
    if (tab === "clips") Bench.clips.show();
    if (tab === "clip") Bench.clip.show(Number(argument));
    if (tab === "about") Bench.lists.about();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
    const typing = event.target.matches("input[type=search]");
    if (typing && event.key === "Escape") {
      event.target.blur();
      return;
    }
    if (typing) {
      if (event.key === "ArrowDown" || event.key === "Enter") {
        byId("grid").focus();
        Bench.clips.key({ key: "ArrowDown", target: byId("grid") });
        event.preventDefault();
      }
      return;
    }
    const general = {
      t: otherTheme,
      "?": () => byId("keys").showModal(),
      "/": () => {
        if (current !== "clips") location.hash = "#/clips";
        setTimeout(() => byId("filter").focus());
      },
    };
    const done = general[event.key]
      ? (general[event.key](), true)
      : current === "clip" ? Bench.clip.key(event) : current === "clips" ? Bench.clips.key(event) : false;
    if (done) event.preventDefault();
  });

  byId("theme").onclick = otherTheme;
  byId("help").onclick = () => byId("keys").showModal();
  Bench.clips.start();
  Bench.clip.start();
  Bench.lists.start();
  window.addEventListener("hashchange", route);
  route();
})();
