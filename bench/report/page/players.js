// Videos that run as one: same frame, same speed, and sound on one of them.
"use strict";
(() => {
  const { element } = Bench;
  const state = { videos: [], names: [], frame: 0, frames: 1, times: null, fps: 25, sound: -1, playing: false, onframe: null };
  const byId = (id) => document.getElementById(id);

  const speaker = () => {
    const icon = element("svg", { viewBox: "0 0 20 20", width: 18, height: 18, "aria-hidden": "true" });
    icon.append(
      element("path", { class: "horn", d: "M3 8h3l4-4v12l-4-4H3z" }),
      element("path", { class: "waves", d: "M12.5 7.5a3.5 3.5 0 0 1 0 5M14.8 5.2a7 7 0 0 1 0 9.6" }),
      element("path", { class: "mute", d: "M12.5 7.5l5 5m0-5l-5 5" }),
    );
    return icon;
  };

  // The middle of a frame, so that rounding never shows its neighbour.
  const timeOf = (frame) => {
    if (!state.times) return (frame + 0.5) / state.fps;
    const start = state.times[frame];
    const end = frame + 1 < state.times.length ? state.times[frame + 1] : start + 1 / state.fps;
    return (start + end) / 2 - state.times[0];
  };
  const frameAt = (time) => {
    if (!state.times) return Math.min(state.frames - 1, Math.floor(time * state.fps + 1e-6));
    let low = 0, high = state.times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (state.times[middle] - state.times[0] <= time + 1e-6) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const master = () => state.videos.find((video) => video && video.readyState > 0 && !video.error);

  const report = (frame) => {
    state.frame = frame;
    byId("seek").value = frame;
    const time = state.times ? state.times[frame] : frame / state.fps;
    byId("position").textContent = `${frame} / ${state.frames - 1} · ${time.toFixed(2)} s`;
    if (state.onframe) state.onframe(frame);
  };

  const seek = (frame) => {
    frame = Math.max(0, Math.min(state.frames - 1, frame));
    for (const video of state.videos) if (video) video.currentTime = timeOf(frame);
    report(frame);
  };

  const follow = () => {
    if (!state.playing) return;
    const leader = master();
    if (leader) {
      const frame = frameAt(leader.currentTime);
      if (leader.ended) {
        if (byId("loop").checked) {
          seek(0);
          for (const video of state.videos) if (video) video.play().catch(() => {});
        } else return pause();
      } else {
        for (const video of state.videos) {
          const drift = video && video !== leader ? Math.abs(video.currentTime - leader.currentTime) : 0;
          if (drift > 1.5 / state.fps && !video.seeking) video.currentTime = leader.currentTime;
        }
        if (frame !== state.frame) report(frame);
      }
    }
    requestAnimationFrame(follow);
  };

  const mark = () => {
    byId("play").textContent = state.playing ? "❚❚" : "▶";
    byId("play").setAttribute("aria-pressed", state.playing);
  };

  const play = () => {
    if (!master()) return;
    state.playing = true;
    if (state.frame >= state.frames - 1) seek(0);
    for (const video of state.videos) {
      if (!video) continue;
      video.playbackRate = Number(byId("speed").value);
      video.play().catch(() => {});
    }
    mark();
    requestAnimationFrame(follow);
  };

  const pause = () => {
    if (state.playing) for (const video of state.videos) if (video) video.pause();
    const wasPlaying = state.playing;
    state.playing = false;
    mark();
    if (wasPlaying) seek(state.frame);
  };

  const soundOn = (place) => {
    state.sound = place;
    state.videos.forEach((video, i) => {
      if (!video) return;
      video.muted = i !== place;
      video.closest(".player").classList.toggle("sounding", i === place);
      const button = video.closest(".player").querySelector("button");
      button.setAttribute("aria-pressed", i === place);
    });
  };

  Bench.players = {
    // sources: [{ name, path or null, stroke or null }]
    open(sources, facts, onframe) {
      state.playing = false;
      Object.assign(state, { frame: 0, frames: Math.max(1, facts.frames || 1), fps: facts.fps || 25, times: null, onframe });
      state.videos = [];
      const cards = sources.map((source, i) => {
        const swatch = source.stroke ? element("span", { class: "swatch" }) : null;
        if (swatch) swatch.style.borderTopColor = source.stroke;
        const name = element("span", { class: "name", title: source.name }, source.name);
        const caption = element("figcaption", {}, swatch, name);
        const gap = (text) => element("div", { class: "gap" }, text);
        const now = element("div", { class: "now" });
        if (!source.path) {
          state.videos.push(null);
          return element("div", { class: "player" }, element("figure", {}, gap(Bench.words.no_video), caption), now);
        }
        const settings = { src: Bench.path(source.path), preload: "auto", playsinline: true, muted: true };
        const video = element("video", settings);
        video.muted = true;
        video.onerror = () => {
          state.videos[i] = null;
          video.replaceWith(gap(Bench.words.not_playable));
        };
        video.onclick = () => (state.playing ? pause() : play());
        video.onloadedmetadata = () => seek(state.frame);
        state.videos.push(video);
        const label = { title: `${Bench.words.sound} (s)`, "aria-label": Bench.words.sound, "aria-pressed": "false" };
        const sound = () => soundOn(state.sound === i ? -1 : i);
        caption.append(element("button", { type: "button", class: "sound", onclick: sound, ...label }, speaker()));
        return element("div", { class: "player" }, element("figure", {}, video, caption), now);
      });
      byId("players").replaceChildren(...cards);
      byId("seek").max = state.frames - 1;
      mark();
      report(0);
    },
    // Frames and times as the per-frame values know them.
    timing(frames, times) {
      state.frames = Math.max(state.frames, frames);
      state.times = times && times.length === state.frames ? times : null;
      byId("seek").max = state.frames - 1;
      report(state.frame);
    },
    close() {
      state.playing = false;
      for (const video of state.videos) {
        if (!video) continue;
        video.pause();
        video.removeAttribute("src");
        video.load();
      }
      state.videos = [];
      state.onframe = null;
      byId("players").replaceChildren();
    },
    start() {
      byId("play").onclick = () => (state.playing ? pause() : play());
      byId("step-back").onclick = () => this.step(-1);
      byId("step-forward").onclick = () => this.step(1);
      byId("seek").oninput = (event) => {
        pause();
        seek(Number(event.target.value));
      };
      byId("speed").onchange = (event) => {
        for (const video of state.videos) if (video) video.playbackRate = Number(event.target.value);
      };
    },
    seek(frame) {
      pause();
      seek(frame);
    },
    step(count) {
      pause();
      seek(state.frame + count);
    },
    toggle: () => (state.playing ? pause() : play()),
    nextSound() {
      const with_video = state.videos.map((video, i) => (video ? i : -1)).filter((i) => i >= 0);
      soundOn(with_video[with_video.indexOf(state.sound) + 1] ?? -1);
    },
    get frame() {
      return state.frame;
    },
    get frames() {
      return state.frames;
    },
  };
})();
