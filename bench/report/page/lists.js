// Lists to read: what has no value and why, and how the numbers were made.
"use strict";
(() => {
  const { element } = Bench;
  const byId = (id) => document.getElementById(id);
  const LIMIT = 2000;

  // One line a clip, outcome and reason; settings and metrics that share them are gathered.
  const gathered = () => {
    const { data, words } = Bench;
    const lines = new Map();
    data.clips.forEach((clip, number) => {
      for (const [run, reason] of Object.entries(clip.failed || {})) {
        lines.set(`${number},clip,${run}`, { number, where: new Set([data.runs[run].label]), metrics: new Set(["—"]), failed: true, reason });
      }
    });
    for (const [number, series, metric, failed, reason] of data.outcomes) {
      const key = `${number},${failed},${reason}`;
      const line = lines.get(key) || { number, where: new Set(), metrics: new Set(), failed: failed === 1, reason: data.reasons[reason] };
      line.where.add(data.series[series].name);
      line.metrics.add(data.metrics[metric].label);
      lines.set(key, line);
    }
    return [...lines.values()].map((line) => ({ ...line, word: line.failed ? words.failed : words.skipped }));
  };

  const outcomes = () => {
    const { data, words } = Bench;
    const lines = gathered();
    byId("count-outcomes").textContent = lines.length || "";
    if (!lines.length) return byId("outcome-list").replaceChildren(element("section", {}, element("p", {}, words.none_missing)));
    lines.sort((a, b) => b.failed - a.failed || a.number - b.number);
    const heads = [words.clip, words.outcome, words.reason, words.metric, words.setting];
    const rows = lines.slice(0, LIMIT).map((line) =>
      element("tr", {},
        element("th", { scope: "row" }, element("a", { href: `#/clip/${line.number}` }, data.clips[line.number].id)),
        element("td", { class: `text missing${line.failed ? " failed" : ""}` }, line.word),
        element("td", { class: "text" }, line.reason),
        element("td", { class: "text" }, [...line.metrics].join(", ")),
        element("td", { class: "text" }, [...line.where].join(", "))),
    );
    const table = element("table", {},
      element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { class: "text", scope: "col" }, text)))),
      element("tbody", {}, ...rows));
    const more = lines.length > LIMIT ? element("p", { class: "missing" }, `${LIMIT} ${words.of} ${lines.length}`) : null;
    byId("outcome-list").replaceChildren(element("section", {}, element("div", { class: "scroll" }, table), ...(more ? [more] : [])));
  };

  const definitions = (pairs) => {
    const list = element("dl");
    for (const [term, text] of pairs) list.append(element("dt", {}, term), element("dd", {}, String(text)));
    return list;
  };

  const about = () => {
    const { data, words } = Bench;
    const sections = data.runs.map((run) => {
      const made = [
        [words.model, run.model],
        ...Object.entries(run.description),
        [words.coverage, `${run.done} ${words.of} ${run.selected} (${run.listed})`],
        [words.created, run.created],
        [words.took, `${run.seconds.toFixed(0)} s`],
      ];
      const environment = Object.entries(run.environment).flatMap(([key, value]) =>
        key === "versions" ? Object.entries(value) : [[key, value]]);
      return element("section", {},
        element("h2", {}, `${run.suite} · ${run.label}`),
        definitions(made),
        element("h3", {}, words.command), element("code", {}, run.command.join(" ")),
        element("h3", {}, words.protocol), definitions([["hash", run.hash], ...Object.entries(run.protocol)]),
        element("h3", {}, words.environment), definitions(environment));
    });
    const rows = data.metrics.map((metric) =>
      element("tr", {},
        element("th", { scope: "row" }, Bench.head(metric)),
        element("td", { class: "text" }, metric.definition),
        element("td", { class: "text" }, metric.source)));
    const heads = [words.metric, words.definition, words.source].map((text) => element("th", { class: "text", scope: "col" }, text));
    const table = element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
    sections.push(element("section", {}, element("h2", {}, words.metrics), element("div", { class: "scroll" }, table)));
    byId("about").replaceChildren(...sections);
  };

  Bench.lists = {
    start() {
      outcomes();
    },
    about,
  };
})();
