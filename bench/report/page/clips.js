// The table of clips: sorted, filtered, and with only the rows in sight in the document.
"use strict";
(() => {
  const { element, show, head } = Bench;
  const ROW = 36;
  const state = { order: [], sort: null, descending: false, view: "s0", focus: 0, first: -1, last: -1 };
  const byId = (id) => document.getElementById(id);

  // Columns of the view: "s2" shows every metric of series 2, "m0" metric 0 of every series, where they were asked for.
  const columns = () => {
    const { data } = Bench;
    const chosen = Number(state.view.slice(1));
    const all = state.view[0] === "s"
      ? data.metrics.map((metric, m) => ({ series: chosen, metric: m, name: head(metric) }))
      : data.series.map((series, s) => ({ series: s, metric: chosen, name: series.name }));
    return all.filter((column) => data.asked.has(`${column.series},${column.metric}`));
  };

  const extent = (column) => {
    let low = Infinity, high = -Infinity;
    for (const value of Bench.data.values[column.series][column.metric]) {
      if (value === null || !Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    return [low, high];
  };

  let shown = [];

  const drawHead = () => {
    shown = columns().map((column) => ({ ...column, extent: extent(column) }));
    const row = byId("grid").querySelector("thead tr");
    const cell = (name, key, title) => {
      const sorted = state.sort === key;
      const arrow = sorted ? (state.descending ? "▾" : "▴") : "";
      const button = element("button", { type: "button", title: title, onclick: () => sortBy(key) }, `${name} ${arrow}`);
      const order = sorted ? (state.descending ? "descending" : "ascending") : null;
      return element("th", { scope: "col", "aria-sort": order, "data-key": key }, button);
    };
    const cells = shown.map((column) => {
      const metric = Bench.data.metrics[column.metric];
      const unrotated = Bench.data.series[column.series].unrotated.includes(column.metric);
      const caveat = unrotated ? `\n${Bench.words.unrotated}` : "";
      return cell(column.name + (unrotated ? "*" : ""), `${column.series},${column.metric}`, `${metric.definition}${caveat}`);
    });
    row.replaceChildren(cell(Bench.words.clip, "name", ""), ...cells);
  };

  const sortBy = (key) => {
    if (state.sort === key) state.descending = !state.descending;
    else {
      state.sort = key;
      const metric = key === "name" ? null : Bench.data.metrics[Number(key.split(",")[1])];
      // The worst first: that is what one looks for.
      state.descending = metric !== null && metric.direction === "lower";
    }
    arrange();
    byId("grid").querySelector(`th[data-key="${CSS.escape(key)}"] button`).focus();
  };

  const arrange = () => {
    const { data } = Bench;
    const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const outcome = byId("outcome").value;
    const failed = (clip) => data.clips[clip].failed || (data.missingByClip.get(clip) || {}).failed;
    const passes = {
      all: () => true,
      missing: (clip) => data.clips[clip].failed || data.missingByClip.has(clip),
      failed,
      warnings: (clip) => data.clips[clip].warnings,
    }[outcome];
    state.order = data.clips
      .map((_, clip) => clip)
      .filter((clip) => {
        const text = `${data.clips[clip].id} ${data.clips[clip].person || ""}`.toLowerCase();
        return words.every((word) => text.includes(word)) && passes(clip);
      });
    if (state.sort === "name") {
      const names = new Intl.Collator(undefined, { numeric: true });
      state.order.sort((a, b) => names.compare(data.clips[a].id, data.clips[b].id));
      if (state.descending) state.order.reverse();
    } else if (state.sort !== null) {
      const [series, metric] = state.sort.split(",").map(Number);
      const values = data.values[series][metric];
      const sign = state.descending ? -1 : 1;
      // Clips without a value come last, whichever way.
      state.order.sort((a, b) => {
        if (values[a] === null || values[b] === null) return (values[a] === null) - (values[b] === null) || a - b;
        return values[a] === values[b] ? a - b : sign * (values[a] < values[b] ? -1 : 1);
      });
    }
    const caveat = columns().some((column) => data.series[column.series].unrotated.includes(column.metric));
    const count = `${state.order.length} ${Bench.words.of} ${data.clips.length}`;
    byId("matches").textContent = count + (caveat ? ` · * ${Bench.words.unrotated}` : "");
    byId("no-match").hidden = state.order.length > 0;
    state.focus = 0;
    state.first = -1;
    drawHead();
    drawRows();
  };

  const drawRow = (place) => {
    const { data } = Bench;
    const clip = state.order[place];
    const facts = data.clips[clip];
    const link = element("a", { href: `#/clip/${clip}`, tabindex: place === state.focus ? "0" : "-1" }, facts.id);
    const row = element("tr", { class: "row", "data-place": place, onclick: () => (location.hash = `#/clip/${clip}`) });
    row.append(element("th", { scope: "row", title: facts.id, class: facts.failed ? "failed-clip" : null }, link));
    for (const column of shown) {
      const value = data.values[column.series][column.metric][clip];
      if (value === null) {
        const missing = Bench.missing(clip, column.series, column.metric);
        const kind = `missing${missing.failed ? " failed" : ""}`;
        row.append(element("td", { class: kind, title: missing.reason }, missing.text));
        continue;
      }
      const cell = element("td", { class: "value" }, show(value, data.metrics[column.metric]));
      const [low, high] = column.extent;
      if (high > low && Number.isFinite(value)) cell.style.setProperty("--share", `${(100 * (value - low)) / (high - low)}%`);
      row.append(cell);
    }
    return row;
  };

  const drawRows = (force) => {
    const grid = byId("grid");
    const first = Math.max(0, Math.floor(grid.scrollTop / ROW) - 10);
    const last = Math.min(state.order.length, first + Math.ceil(grid.clientHeight / ROW) + 20);
    if (!force && first === state.first && last === state.last) return;
    Object.assign(state, { first, last });
    const spacer = (rows) => {
      const cell = element("td", { colspan: shown.length + 1 });
      cell.style.setProperty("height", `${rows * ROW}px`, "important");
      const row = element("tr", { class: "spacer", "aria-hidden": "true" }, cell);
      row.style.height = `${rows * ROW}px`;
      return row;
    };
    const rows = [];
    for (let place = first; place < last; place++) rows.push(drawRow(place));
    grid.querySelector("tbody").replaceChildren(spacer(first), ...rows, spacer(state.order.length - last));
  };

  const focusRow = (place) => {
    if (!state.order.length) return;
    state.focus = Math.max(0, Math.min(state.order.length - 1, place));
    const grid = byId("grid");
    const top = state.focus * ROW;
    const visible = grid.clientHeight - 3 * ROW;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top > grid.scrollTop + visible) grid.scrollTop = top - visible;
    drawRows(true);
    const link = grid.querySelector(`tr[data-place="${state.focus}"] a`);
    if (link) link.focus({ preventScroll: true });
  };

  Bench.clips = {
    start() {
      const { data, words } = Bench;
      const view = byId("view");
      const group = (label, letter, names) =>
        element("optgroup", { label }, ...names.map((name, i) => element("option", { value: `${letter}${i}` }, name)));
      view.append(
        group(words.by_series, "s", data.series.map((series) => series.name)),
        group(words.by_metric, "m", data.metrics.map((metric) => metric.label)),
      );
      const original = data.series.findIndex((series) => series.setting === "original");
      state.view = view.value = `s${Math.max(0, original)}`;
      view.onchange = () => {
        state.view = view.value;
        state.sort = state.sort === "name" ? "name" : null;
        arrange();
      };
      byId("filter").oninput = byId("outcome").onchange = () => {
        byId("grid").scrollTop = 0;
        arrange();
      };
      byId("grid").addEventListener("scroll", () => requestAnimationFrame(() => drawRows()), { passive: true });
      window.addEventListener("resize", () => shown.length && drawRows());
      byId("count-clips").textContent = data.clips.length;
    },
    show() {
      if (!shown.length) arrange();
      else drawRows(true);
    },
    key(event) {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
      if (step === undefined || event.target.matches("input, select")) return false;
      focusRow(event.target.closest("tr.row") ? state.focus + step : state.focus);
      return true;
    },
    // The clip before or after another in the order of the table.
    neighbour(clip, step) {
      if (!state.order.length) arrange();
      return state.order[state.order.indexOf(clip) + step];
    },
  };
})();
