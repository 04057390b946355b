// Per-frame curves: one chart a metric, a line a series, a cursor that follows the videos and moves them.
"use strict";
(() => {
  const { element, show, head } = Bench;
  const WIDTH = 1000, HEIGHT = 170, LEFT = 52, RIGHT = 12, TOP = 10, BOTTOM = 22;
  const DASHES = ["", "2 3", "", "7 3", "1 2", "2 5", "11 3 2 3", "5 2 1 2"];
  // Colours come again after eight series, then with other dashes.
  const dashes = (s) => DASHES[(Bench.data.series[s].look + 3 * Math.floor(Bench.data.series[s].look / 8)) % 8];
  Bench.colour = (s) => `var(--s${Bench.data.series[s].look % 8})`;
  Bench.stroke = (s) => ({ stroke: Bench.colour(s), "stroke-dasharray": dashes(s) });

  // Frames whose values are worst, spread over the clip: at most `count`, no two within a twentieth of it.
  Bench.worstFrames = (values, metric, count = 3) => {
    if (metric.direction === "none") return [];
    const order = [...values.keys()].filter((i) => Number.isFinite(values[i]));
    order.sort((a, b) => (Bench.isWorse(values[a], values[b], metric) ? -1 : values[a] === values[b] ? a - b : 1));
    if (!order.length || values[order[0]] === values[order[order.length - 1]]) return []; // none is worse than the others
    const apart = values.length / 20;
    const found = [];
    for (const frame of order) {
      if (found.length === count) break;
      if (found.every((other) => Math.abs(other - frame) > apart)) found.push(frame);
    }
    return found;
  };

  const ticks = (low, high, parts) => {
    const rough = (high - low) / parts;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
    const found = [];
    for (let value = Math.ceil(low / step) * step; value <= high + step / 1e6; value += step) found.push(value);
    return [found, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))];
  };

  // lines: [{ series, name, values }]; seek(frame) is called by clicks and drags.
  Bench.chart = (metric, lines, frames, seek) => {
    let low = Infinity, high = -Infinity;
    for (const line of lines) {
      for (const value of line.values) {
        if (!Number.isFinite(value)) continue;
        low = Math.min(low, value * metric.scale);
        high = Math.max(high, value * metric.scale);
      }
    }
    if (low === Infinity) [low, high] = [0, 1];
    if (low === high) [low, high] = [low - 0.5, high + 0.5];
    const margin = (high - low) * 0.06;
    [low, high] = [low - margin, high + margin];
    const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": metric.label });
    const values = lines.map(() => document.createTextNode(""));
    const now = element("output", {}, ...lines.map((line, i) => {
      const swatch = element("span", { class: "swatch" });
      swatch.style.borderTopColor = Bench.colour(line.series);
      return element("span", { class: "now", title: line.name }, swatch, values[i]);
    }));
    const title = element("h4", {}, head(metric) + (metric.unit ? ` (${metric.unit})` : ""), now);
    const figure = element("div", { class: "curve", "data-metric": metric.id }, title, svg);
    let width = WIDTH;
    const x = (frame) => LEFT + (frames > 1 ? (frame / (frames - 1)) * (width - LEFT - RIGHT) : 0);
    const y = (value) => TOP + (1 - (value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
    const cursor = element("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM });

    const draw = () => {
      width = Math.max(240, svg.clientWidth || WIDTH);
      svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
      const parts = [];
      const [levels, digits] = ticks(low, high, 4);
      for (const value of levels) {
        parts.push(element("line", { class: "axis", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }));
        parts.push(element("text", { x: LEFT - 7, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(digits)));
      }
      const [marks] = ticks(0, Math.max(3, frames - 1), 8);
      for (const frame of marks.filter((mark) => Number.isInteger(mark) && mark < frames)) {
        parts.push(element("text", { x: x(frame), y: HEIGHT - 6, "text-anchor": "middle" }, String(frame)));
      }
      // Broken lines lie over whole ones: where two agree, both are seen.
      for (const line of [...lines].sort((a, b) => Boolean(dashes(a.series)) - Boolean(dashes(b.series)))) {
        let path = "", pen = false;
        line.values.forEach((value, frame) => {
          if (!Number.isFinite(value)) return (pen = false);
          path += `${pen ? "L" : "M"}${x(frame).toFixed(1)} ${y(value * metric.scale).toFixed(1)}`;
          pen = true;
        });
        parts.push(element("path", { d: path, ...Bench.stroke(line.series) }));
      }
      for (const line of lines) {
        for (const frame of line.worst) {
          const dot = { class: "worst", cx: x(frame), cy: y(line.values[frame] * metric.scale), r: 4.5 };
          dot.fill = Bench.colour(line.series);
          parts.push(element("circle", dot));
        }
      }
      svg.replaceChildren(...parts, cursor);
    };
    const frameAt = (event) => {
      const box = svg.getBoundingClientRect();
      const share = ((event.clientX - box.left) * (width / box.width) - LEFT) / (width - LEFT - RIGHT);
      return Math.max(0, Math.min(frames - 1, Math.round(share * (frames - 1))));
    };
    svg.addEventListener("pointerdown", (event) => {
      svg.setPointerCapture(event.pointerId);
      seek(frameAt(event));
    });
    svg.addEventListener("pointermove", (event) => event.buttons === 1 && seek(frameAt(event)));
    new ResizeObserver(draw).observe(svg);
    const at = (frame) => {
      cursor.setAttribute("x1", x(frame));
      cursor.setAttribute("x2", x(frame));
      lines.forEach((line, i) => (values[i].textContent = show(line.values[frame] * metric.scale, metric)));
    };
    return { figure, at };
  };
})();
