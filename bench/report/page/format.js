// Numbers and elements. Names from files become text nodes, never markup.
"use strict";
(() => {
  const arrows = { higher: " ↑", lower: " ↓", none: "" };

  Bench.show = (value, metric) => {
    if (value === null || value === undefined || Number.isNaN(value)) return "—";
    if (value === Infinity) return "∞";
    if (value === -Infinity) return "-∞";
    const text = value.toFixed(metric.digits);
    return Number(text) === 0 ? text.replace("-", "") : text;
  };

  Bench.head = (metric) => metric.label + arrows[metric.direction];

  // element("td", { class: "value", onclick: f }, "text", child, …)
  Bench.element = (name, attributes = {}, ...children) => {
    const svg = ["svg", "path", "line", "circle", "text", "g", "rect"].includes(name);
    const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  };

  // The text of a missing value, and why it is missing.
  Bench.missing = (clip, series, metric) => {
    const { data, words } = Bench;
    const found = data.missing.get(`${clip},${series},${metric}`);
    if (found) return { text: found[0] ? words.failed : words.skipped, failed: found[0] === 1, reason: found[1] };
    const run = data.series[series].run;
    const broken = (data.clips[clip].failed || {})[run];
    if (broken !== undefined) return { text: words.failed, failed: true, reason: broken };
    return { text: "—", failed: false, reason: "" };
  };

  // Whether a is worse than b.
  Bench.isWorse = (a, b, metric) => (metric.direction === "higher" ? a < b : a > b);

  Bench.path = (path) => path.split("/").map(encodeURIComponent).join("/");
})();
