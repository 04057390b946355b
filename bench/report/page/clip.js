// The page of one clip: players, curves, values, and what went wrong.
"use strict";
(() => {
  const { element, show, head } = Bench;
  const byId = (id) => document.getElementById(id);
  const state = { clip: -1, curves: new Map(), chosen: null, charts: [], series: [] };

  const facts = (clip) => {
    const { words } = Bench;
    const parts = [];
    if (clip.person) parts.push(`${words.person}: ${clip.person}`);
    if (clip.frames) parts.push(`${clip.frames} ${words.frames}`);
    if (clip.fps) parts.push(`${Number(clip.fps.toFixed(3))} ${words.fps}`);
    return parts.join(" · ");
  };

  const alarms = (clip) => {
    const found = Object.values(clip.failed || {}).map((reason) => element("p", { class: "alarm" }, `⚠ ${reason}`));
    for (const warning of clip.warnings || []) found.push(element("p", { class: "missing" }, `${Bench.words.warnings}: ${warning}`));
    return found;
  };

  const valueTable = (number) => {
    const { data, words } = Bench;
    const heads = [element("th", { class: "text", scope: "col" }, words.setting)];
    for (const metric of data.metrics) heads.push(element("th", { scope: "col", title: metric.definition }, head(metric)));
    let starred = false;
    // A ceiling or floor that another run has told already is not told again.
    const same = (s, other) => data.series[s].setting === data.series[other].setting
      && data.metrics.every((metric, m) => show(data.values[s][m][number], metric) === show(data.values[other][m][number], metric));
    const told = (s) => data.series[s].baseline && [...Array(s).keys()].some((other) => same(s, other));
    const rows = [...data.series.keys()].filter((s) => !told(s)).map((s) => {
      const series = data.series[s];
      const row = element("tr", { class: isBaseline(s) ? series.setting : null }, element("th", { scope: "row" }, series.name));
      data.metrics.forEach((metric, m) => {
        const value = data.values[s][m][number];
        const star = series.unrotated.includes(m) ? "*" : "";
        starred ||= star !== "";
        if (value !== null) return row.append(element("td", {}, show(value, metric) + star));
        const missing = Bench.missing(number, s, m);
        row.append(element("td", { class: `missing${missing.failed ? " failed" : ""}`, title: missing.reason }, missing.text));
      });
      return row;
    });
    byId("clip-values").replaceChildren(element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
    byId("clip-caveat").hidden = !starred;
  };

  const isBaseline = (s) => Bench.data.series[s].baseline;
  const visible = () => [...Bench.data.series.keys()].filter((s) => Bench.data.series[s].drawn);

  const open = async (number) => {
    const { data, words } = Bench;
    const clip = data.clips[number];
    if (!clip) return void (location.hash = "#/clips");
    state.clip = number;
    byId("clip-name").textContent = clip.id;
    byId("clip-facts").textContent = facts(clip);
    byId("clip-alarms").replaceChildren(...alarms(clip));
    valueTable(number);
    const paths = data.videos[number] || {};
    // The ground truth is the reference itself.
    state.series = visible().filter((s) => paths[s] || !isBaseline(s));
    const sources = [{ name: words.reference, path: paths.r || null, stroke: null }];
    for (const s of state.series) sources.push({ name: data.series[s].name, path: paths[s] || null, stroke: Bench.colour(s) });
    Bench.players.open(sources, clip, onframe);
    state.curves = new Map();
    drawCurves();
    const runs = await Promise.all(data.runs.map((_, run) => Bench.loadFrames(number, run)));
    if (state.clip !== number) return;
    runs.forEach((found, run) => found && state.curves.set(run, found));
    let frames = 0;
    for (const found of state.curves.values()) {
      for (const metrics of Object.values(found.values)) {
        for (const values of Object.values(metrics)) frames = Math.max(frames, values.length);
      }
    }
    const first = state.curves.values().next().value;
    Bench.players.timing(frames, first ? first.times : null);
    drawCurves();
  };

  const valuesOf = (s, id) => {
    const series = Bench.data.series[s];
    const found = state.curves.get(series.run);
    return found && found.values[series.setting] ? found.values[series.setting][id] : undefined;
  };

  // Metrics with a curve here; what a model measured of itself comes behind the metrics.
  const available = () => {
    const known = Bench.data.metrics.filter((metric) => Bench.data.series.some((_, s) => valuesOf(s, metric.id)));
    const others = new Set();
    for (const found of state.curves.values()) {
      for (const metrics of Object.values(found.values)) Object.keys(metrics).forEach((id) => others.add(id));
    }
    for (const metric of Bench.data.metrics) others.delete(metric.id);
    const plain = { direction: "none", unit: "", scale: 1, digits: 3, definition: "" };
    return [...known, ...[...others].map((id) => ({ ...plain, id, label: id.replaceAll("_", " ") }))];
  };

  const drawCurves = () => {
    const metrics = available();
    const chips = byId("curve-metrics"), legend = byId("legend"), place = byId("curves");
    state.charts = [];
    if (!metrics.length) {
      chips.replaceChildren();
      legend.replaceChildren();
      place.replaceChildren(element("p", { class: "missing" }, Bench.words.no_frames));
      return;
    }
    if (!state.chosen || !metrics.some((metric) => state.chosen.has(metric.id))) {
      state.chosen = new Set(metrics.slice(0, 3).map((metric) => metric.id));
    }
    chips.replaceChildren(
      ...metrics.map((metric) => {
        const toggle = () => {
          if (!state.chosen.delete(metric.id)) state.chosen.add(metric.id);
          drawCurves();
        };
        const pressed = String(state.chosen.has(metric.id));
        return element("button", { type: "button", "aria-pressed": pressed, onclick: toggle }, metric.label);
      }),
    );
    const used = new Set();
    for (const metric of metrics.filter((one) => state.chosen.has(one.id))) {
      const series = visible().filter((s) => valuesOf(s, metric.id));
      series.forEach((s) => used.add(s));
      const lines = series.map((s) => {
        const values = [...valuesOf(s, metric.id)];
        const worst = isBaseline(s) ? [] : Bench.worstFrames(values, metric);
        return { series: s, name: Bench.data.series[s].name, values, worst };
      });
      const chart = Bench.chart(metric, lines, Bench.players.frames, (frame) => Bench.players.seek(frame));
      state.charts.push({ ...chart, metric, lines });
    }
    legend.replaceChildren(
      ...[...used].sort((a, b) => a - b).map((s) => {
        const line = element("svg", { width: 28, height: 8, "aria-hidden": "true" });
        line.append(element("line", { x1: 0, x2: 28, y1: 4, y2: 4, "stroke-width": 2.5, ...Bench.stroke(s) }));
        return element("span", {}, line, Bench.data.series[s].name);
      }),
    );
    place.replaceChildren(...state.charts.map((chart) => chart.figure));
    onframe(Bench.players.frame);
  };

  const onframe = (frame) => {
    for (const chart of state.charts) chart.at(frame);
    const cards = document.querySelectorAll("#players .player");
    state.series.forEach((s, i) => {
      const now = cards[i + 1] && cards[i + 1].querySelector(".now");
      if (!now) return;
      const parts = state.charts.map((chart) => {
        const line = chart.lines.find((one) => one.series === s);
        const star = Bench.data.series[s].unrotated.some((m) => Bench.data.metrics[m].id === chart.metric.id) ? "*" : "";
        return line ? `${chart.metric.label} ${show(line.values[frame] * chart.metric.scale, chart.metric)}${star}` : null;
      });
      now.textContent = parts.filter(Boolean).join(" · ");
    });
  };

  const nextWorst = () => {
    const frames = state.charts.flatMap((chart) => chart.lines.flatMap((line) => line.worst)).sort((a, b) => a - b);
    if (frames.length) Bench.players.seek(frames.find((frame) => frame > Bench.players.frame) ?? frames[0]);
  };

  const go = (step) => {
    const next = Bench.clips.neighbour(state.clip, step);
    if (next !== undefined) location.hash = `#/clip/${next}`;
  };

  Bench.clip = {
    start() {
      Bench.players.start();
      byId("clip-previous").onclick = () => go(-1);
      byId("clip-next").onclick = () => go(1);
    },
    show: open,
    hide() {
      state.clip = -1;
      Bench.players.close();
    },
    key(event) {
      const jump = event.shiftKey ? 10 : 1;
      const slider = event.target.matches("input[type=range], select");
      const actions = {
        " ": () => Bench.players.toggle(),
        ArrowLeft: () => Bench.players.step(-jump),
        ArrowRight: () => Bench.players.step(jump),
        Home: () => Bench.players.seek(0),
        End: () => Bench.players.seek(Bench.players.frames - 1),
        p: () => go(-1),
        n: () => go(1),
        w: nextWorst,
        s: () => Bench.players.nextSound(),
        Escape: () => (location.hash = "#/clips"),
      };
      const action = actions[event.key];
      const own = event.target.matches("button, a") && (event.key === " " || event.key === "Enter");
      if (!action || own || (slider && event.key.startsWith("Arrow"))) return false;
      action();
      return true;
    },
  };
})();
