// What the page knows. Data files are scripts, since a page that was opened from disk may not fetch.
"use strict";
const Bench = (window.Bench = {
  words: {},
  data: null,
  waiting: new Map(), // "clip-run" → functions to call with the clip's per-frame values

  load(data) {
    const number = (value) => (value === "inf" ? Infinity : value === "-inf" ? -Infinity : value);
    for (const series of data.values) series.forEach((column, i) => (series[i] = column.map(number)));
    data.missing = new Map(); // "clip,series,metric" → [failed, reason]
    data.missingByClip = new Map();
    for (const [clip, series, metric, failed, reason] of data.outcomes) {
      data.missing.set(`${clip},${series},${metric}`, [failed, data.reasons[reason]]);
      const found = data.missingByClip.get(clip) || { any: false, failed: false };
      found.any = true;
      found.failed ||= failed === 1;
      data.missingByClip.set(clip, found);
    }
    // Ceiling and floor of one run are enough: those of the others are not drawn and take no colour.
    let drawn = 0;
    for (const series of data.series) {
      series.baseline = ["ground-truth", "static", "codec-floor"].includes(series.setting);
      series.drawn = !series.baseline || series.run === 0;
      series.look = series.drawn ? drawn++ : 0;
    }
    data.asked = new Set(data.outcomes.map(([, series, metric]) => `${series},${metric}`));
    data.values.forEach((columns, series) =>
      columns.forEach((column, metric) => column.some((value) => value !== null) && data.asked.add(`${series},${metric}`)));
    Bench.data = data;
  },

  // Called by data/frames/CLIP-RUN.js.
  frames(clip, run, data) {
    const floats = (text) => {
      const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      return new Float32Array(bytes.buffer);
    };
    const values = {};
    for (const [setting, metrics] of Object.entries(data.values)) {
      values[setting] = {};
      for (const [metric, text] of Object.entries(metrics)) values[setting][metric] = floats(text);
    }
    const decoded = { times: data.times && floats(data.times), values };
    const key = `${clip}-${run}`;
    (Bench.waiting.get(key) || []).forEach((ready) => ready(decoded));
    Bench.waiting.delete(key);
  },

  // Promise of the per-frame values of a clip in a run; null where there are none.
  loadFrames(clip, run) {
    return new Promise((resolve) => {
      const key = `${clip}-${run}`;
      Bench.waiting.set(key, [...(Bench.waiting.get(key) || []), resolve]);
      const script = document.createElement("script");
      script.src = `data/frames/${key}.js`;
      script.onerror = () => {
        Bench.waiting.delete(key);
        resolve(null);
      };
      script.onload = () => script.remove();
      document.head.append(script);
    });
  },
});
