/* What the explorers share: the library's definitions in JavaScript (window.lesionseg.formulas, held against the
   library by tests/test_explorer_formulas.py), controls, and canvases that follow size, theme and keyboard.
   Masks are Uint8Array of 0 and 1, maps Float64Array, both row by row. */
"use strict";
window.lesionseg ??= (() => {
  const reduced = matchMedia("(prefers-reduced-motion: reduce)");

  // ---- Scores: lesionseg_lib.evaluation.metrics ----

  function confusion(prediction, truth) {
    const c = { tp: 0, fp: 0, fn: 0, tn: 0 };
    for (let i = 0; i < truth.length; i++) {
      if (truth[i]) prediction[i] ? c.tp++ : c.fn++;
      else prediction[i] ? c.fp++ : c.tn++;
    }
    return c;
  }
  const ratio = (a, b) => (b === 0 ? 1 : a / b); // the organisers' rule
  const jaccard = (c) => ratio(c.tp, c.tp + c.fp + c.fn);
  const dice = (c) => ratio(2 * c.tp, 2 * c.tp + c.fp + c.fn);
  const sensitivity = (c) => ratio(c.tp, c.tp + c.fn);
  const specificity = (c) => ratio(c.tn, c.tn + c.fp);
  const accuracy = (c) => ratio(c.tp + c.tn, c.tp + c.fp + c.fn + c.tn);
  const binarise = (map, cut) => Uint8Array.from(map, (p) => (p > cut ? 1 : 0));

  /** Bilinear, pixel centres as in lesionseg_lib.models.postprocessing.enlarge. */
  function enlarge(map, h, w, height, width) {
    const out = new Float64Array(height * width);
    const axis = (n, m) => Array.from({ length: m }, (_, i) => {
      const at = Math.min(Math.max(((i + 0.5) * n) / m - 0.5, 0), n - 1);
      const low = Math.floor(at);
      return [low, Math.min(low + 1, n - 1), at - low];
    });
    const rows = axis(h, height), columns = axis(w, width);
    rows.forEach(([r, r2, f], i) => columns.forEach(([c, c2, g], j) => {
      const above = map[r * w + c] * (1 - g) + map[r * w + c2] * g;
      const below = map[r2 * w + c] * (1 - g) + map[r2 * w + c2] * g;
      out[i * width + j] = above * (1 - f) + below * f;
    }));
    return out;
  }

  // ---- Distances and borders: lesionseg_lib.evaluation.boundaries ----

  /** Distance of each pixel to the nearest 1 of a mask (Felzenszwalb & Huttenlocher 2012); Infinity without any. */
  function distanceTo(mask, h, w) {
    const d = Float64Array.from(mask, (m) => (m ? 0 : Infinity));
    const line = (n, at) => {
      const f = new Float64Array(n), v = [], z = [];
      for (let q = 0; q < n; q++) {
        f[q] = d[at(q)];
        if (f[q] === Infinity) continue;
        let s = -Infinity;
        while (v.length) {
          const p = v[v.length - 1];
          s = (f[q] + q * q - f[p] - p * p) / (2 * (q - p));
          if (s > z[z.length - 1]) break;
          v.pop(), z.pop(), (s = -Infinity);
        }
        v.push(q), z.push(s);
      }
      if (!v.length) return;
      for (let q = 0, k = 0; q < n; q++) {
        while (k + 1 < v.length && z[k + 1] < q) k++;
        d[at(q)] = (q - v[k]) ** 2 + f[v[k]];
      }
    };
    for (let x = 0; x < w; x++) line(h, (q) => q * w + x);
    for (let y = 0; y < h; y++) line(w, (q) => y * w + q);
    return d.map(Math.sqrt);
  }

  const invert = (mask) => mask.map((m) => 1 - m);
  const any = (mask) => mask.includes(1);

  /** Pixels of a mask with one of four neighbours outside it or outside the image. */
  function border(mask, h, w) {
    const is = (y, x) => y >= 0 && x >= 0 && y < h && x < w && mask[y * w + x];
    return mask.map((m, i) => {
      const y = Math.floor(i / w), x = i % w;
      return m && !(is(y - 1, x) && is(y + 1, x) && is(y, x - 1) && is(y, x + 1)) ? 1 : 0;
    });
  }

  /** As numpy.quantile: linear between the two nearest. */
  function quantile(values, share) {
    const sorted = Float64Array.from(values).sort();
    const at = share * (sorted.length - 1), low = Math.floor(at);
    const high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
  }

  function hausdorff95(prediction, truth, h, w) {
    const ours = border(prediction, h, w), true_ = border(truth, h, w);
    if (!any(ours) || !any(true_)) return any(prediction) || any(truth) ? Math.hypot(h, w) : 0;
    const side = (from, to) => {
      const d = distanceTo(to, h, w);
      return quantile(d.filter((_, i) => from[i]), 0.95);
    };
    return Math.max(side(ours, true_), side(true_, ours));
  }

  function band(mask, h, w, steps) {
    let inner = mask;
    for (let k = 0; k < steps; k++) { // a step in eight directions: rows, then columns
      const rows = inner.map((m, i) => (m && i % w && inner[i - 1] && i % w < w - 1 && inner[i + 1] ? 1 : 0));
      inner = rows.map((m, i) => (m && i >= w && rows[i - w] && i < (h - 1) * w && rows[i + w] ? 1 : 0));
    }
    return mask.map((m, i) => (m && !inner[i] ? 1 : 0));
  }

  function boundaryIou(prediction, truth, h, w, width = 0.02) {
    const size = width * Math.hypot(h, w), steps = Math.max(1, Math.round(size));
    return jaccard(confusion(band(prediction, h, w, steps), band(truth, h, w, steps)));
  }

  /** lesionseg_lib.training.losses.signed_distance of one mask, in longer sides. */
  function signedDistance(mask, h, w) {
    if (!any(mask)) return new Float64Array(h * w).fill(1);
    if (!mask.includes(0)) return new Float64Array(h * w).fill(-1);
    const inside = distanceTo(invert(mask), h, w), outside = distanceTo(mask, h, w);
    return inside.map((d, i) => (mask[i] ? 0.5 - d : outside[i] - 0.5) / Math.max(h, w));
  }

  const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

  /** Numbers in [0, 1) from a seed (mulberry32), so that a page shows the same at every visit. */
  const random = (seed) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };

  // ---- Page ----

  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value != null) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child != null));
    return node;
  }
  const box = (kind, ...children) => el("div", { class: `ex-${kind}` }, ...children);
  const number = (value, digits = 2) => value.toFixed(digits).replace(/^(-?)0\./, "$1.").replace(/^-?\.?0+$/, "0").replace(/^-/, "\u2212");

  let ids = 0;
  /** A slider with its name and value; `show` writes the value. */
  function slider({ name, min, max, step, value, show = String, change }) {
    const id = `ex-${++ids}`;
    const input = el("input", { type: "range", id, min, max, step, value });
    const output = el("output", { for: id });
    const node = box("slider", el("label", { for: id }, name), input, output);
    const set = (v) => {
      input.value = v;
      output.textContent = show(+input.value);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    input.addEventListener("input", () => (set(input.value), change(+input.value)));
    set(value);
    return { node, set, get value() { return +input.value; } };
  }

  /** One of several: radio buttons that look like a row of buttons. `options`: [value, text or node]. */
  function choice({ name, options, value, change, kind = "choice" }) {
    const group = `ex-${++ids}`;
    const inputs = options.map(([option]) =>
      el("input", { type: "radio", name: group, value: option, checked: option === value,
                    onchange: () => change(option) }));
    const labels = options.map(([, text], i) => el("label", {}, inputs[i], el("span", {}, text)));
    const set = (option) => inputs.forEach((input, i) => (input.checked = options[i][0] === option));
    return { node: el("fieldset", { class: `ex-${kind}` }, el("legend", {}, name), ...labels), set };
  }

  function toggle(name, value, change) {
    const input = el("input", { type: "checkbox", role: "switch", checked: value, onchange: () => change(input.checked) });
    return { node: el("label", { class: "ex-toggle" }, input, el("span", {}, name)), input };
  }

  const button = (name, click) => el("button", { type: "button", class: "ex-button", onclick: click }, name);

  /** Numbers side by side: {key: {name, share}}; with `share` a bar from 0 to 1 stands below. */
  function tiles(entries, kind = "") {
    const parts = {};
    const node = el("dl", { class: `ex-tiles ${kind}` });
    for (const [key, { name, share, mark }] of Object.entries(entries)) {
      const value = el("dd", {}), bar = el("i", {});
      parts[key] = { value, bar };
      const term = el("dt", {}, mark ? el("b", { class: `ex-mark ${mark}` }) : null, name);
      if (share) value.style.setProperty("--share", 0);
      node.append(el("div", { class: share ? "with-bar" : "" }, term, value));
    }
    const set = (values) => Object.entries(values).forEach(([key, [text, share]]) => {
      parts[key].value.textContent = text;
      if (share !== undefined) parts[key].value.style.setProperty("--share", Math.max(0, Math.min(1, share)));
    });
    return { node, set };
  }

  /** A sentence that says what is seen; read aloud when it has rested for a moment. */
  function sentence() {
    const node = el("p", { class: "ex-says", "aria-hidden": "true" });
    const live = el("p", { class: "ex-unseen", role: "status" });
    let timer;
    const say = (text) => {
      node.textContent = text;
      clearTimeout(timer);
      timer = setTimeout(() => (live.textContent = text), 500);
    };
    return { node: box("sentence", node, live), say };
  }

  const colour = (node, name) => getComputedStyle(node).getPropertyValue(`--ex-${name}`).trim();

  /** A canvas that fills its column. `draw(g, width, height, colours)` in CSS pixels, again on size and theme.
      With `keys` or `pointer` it can be focused; `pointer(x, y, event)` gets shares of width and height. */
  function surface({ label, ratio, draw, keys, pointer, leave }) {
    const live = keys || pointer;
    const canvas = el("canvas", { role: keys ? "application" : "img", "aria-label": label, tabindex: keys ? 0 : null });
    const node = box("surface", canvas);
    const colours = new Proxy({}, { get: (_, name) => colour(node, name) });
    let waiting = false;
    const paint = () => {
      waiting = false;
      const width = node.clientWidth, height = Math.round(width * (typeof ratio === "function" ? ratio(width) : ratio));
      if (!width) return;
      const scale = Math.min(3, Math.max(1, devicePixelRatio || 1));
      canvas.style.height = `${height}px`;
      canvas.width = Math.round(width * scale), canvas.height = Math.round(height * scale);
      const g = canvas.getContext("2d");
      g.scale(scale, scale);
      g.font = `12px ${getComputedStyle(node).fontFamily}`;
      g.lineJoin = "round";
      draw(g, width, height, colours);
    };
    const redraw = () => {
      if (!waiting) requestAnimationFrame(paint);
      waiting = true;
    };
    new ResizeObserver(redraw).observe(node);
    new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    if (pointer) {
      canvas.classList.add("is-live");
      const tell = (event) => {
        const at = canvas.getBoundingClientRect();
        pointer((event.clientX - at.left) / at.width, (event.clientY - at.top) / at.height, event);
      };
      for (const kind of ["pointerdown", "pointermove", "pointerup"]) canvas.addEventListener(kind, tell);
      canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
      if (leave) canvas.addEventListener("pointerleave", leave);
    }
    if (keys) canvas.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && keys(event.key, event.shiftKey)) event.preventDefault();
    });
    return { node, canvas, redraw, paint, live };
  }

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  /** Enlarge pixels (w x h, `of(i)` -> [r, g, b, a]) to a rectangle, with hard edges. */
  function pixels(g, w, h, of, x, y, width, height) {
    const small = el("canvas", { width: w, height: h }), s = small.getContext("2d"), data = s.createImageData(w, h);
    for (let i = 0; i < w * h; i++) data.data.set(of(i), 4 * i);
    s.putImageData(data, 0, 0);
    g.imageSmoothingEnabled = false;
    g.drawImage(small, x, y, width, height);
    return small;
  }

  /** "#0072B2" -> [0, 114, 178, 255]. */
  const rgb = (hex, alpha = 255) => [...[1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)), alpha];
  const mix = (a, b, share) => a.map((v, i) => v + (b[i] - v) * share);

  /** The outline of a mask, between pixels, as closed loops in pixels of the mask. */
  function outline(mask, h, w) {
    const path = new Path2D(), next = new Map(), at = (y, x) => y * (w + 1) + x;
    const is = (y, x) => y >= 0 && x >= 0 && y < h && x < w && mask[y * w + x];
    const edge = (from, to) => next.set(from, [...(next.get(from) ?? []), to]);
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        if (!is(y, x)) continue; // around each pixel clockwise, where its neighbour is outside
        if (!is(y - 1, x)) edge(at(y, x), at(y, x + 1));
        if (!is(y, x + 1)) edge(at(y, x + 1), at(y + 1, x + 1));
        if (!is(y + 1, x)) edge(at(y + 1, x + 1), at(y + 1, x));
        if (!is(y, x - 1)) edge(at(y + 1, x), at(y, x));
      }
    for (const start of next.keys())
      while (next.get(start).length) {
        let here = start;
        path.moveTo(here % (w + 1), Math.floor(here / (w + 1)));
        do path.lineTo((here = next.get(here).pop()) % (w + 1), Math.floor(here / (w + 1)));
        while (here !== start);
        path.closePath();
      }
    return path;
  }
  function stroke(g, path, x, y, scale, style, width, dash = []) {
    g.save();
    g.translate(x, y), g.scale(scale, scale);
    g.lineWidth = width / scale, g.strokeStyle = style;
    g.setLineDash(dash.map((d) => d / scale));
    g.stroke(path);
    g.restore();
  }

  /** Four kinds of pixels: tp plain, fp striped, fn dotted; the true outline. Told apart without colour as well. */
  function drawKinds(g, c, prediction, truth, h, w, x, y, width) {
    const height = (width * h) / w, scale = width / w;
    const kinds = [rgb(c.skin), rgb(c.fp), rgb(c.fn), rgb(c.tp)];
    pixels(g, w, h, (i) => kinds[(truth[i] ? 2 : 0) + (prediction[i] ? 1 : 0)], x, y, width, height);
    const hatch = (kind, tile) => {
      const layer = el("canvas", { width: Math.round(width), height: Math.round(height) }), l = layer.getContext("2d");
      pixels(l, w, h, (i) => [0, 0, 0, kind(i) ? 255 : 0], 0, 0, layer.width, layer.height);
      const t = el("canvas", { width: 6, height: 6 }), p = t.getContext("2d");
      p.strokeStyle = p.fillStyle = c.hatch;
      tile(p);
      l.globalCompositeOperation = "source-in";
      l.fillStyle = l.createPattern(t, "repeat");
      l.fillRect(0, 0, layer.width, layer.height);
      g.drawImage(layer, x, y, width, height);
    };
    hatch((i) => prediction[i] && !truth[i], (p) => {
      p.lineWidth = 1.2;
      for (const d of [-6, 0, 6]) p.beginPath(), p.moveTo(d - 1, 7), p.lineTo(d + 7, -1), p.stroke();
    });
    hatch((i) => truth[i] && !prediction[i], (p) => p.fillRect(2, 2, 2, 2));
    const path = outline(truth, h, w);
    stroke(g, path, x, y, scale, c.paper, 3.5), stroke(g, path, x, y, scale, c.ink, 1.6);
  }
  const legend = () => box("legend",
    ...[["tp", "found"], ["fp", "wrongly added"], ["fn", "missed"], ["line", "true outline"]].map(([kind, name]) =>
      el("span", {}, el("b", { class: `ex-mark ${kind}` }), name)));

  const tick = (v) => number(v).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  /** Axes of a chart; returns the two scales. */
  function axes(g, c, { left = 34, top = 8, right = 8, bottom = 30, width, height, x, y, xTicks, yTicks, xName, yName,
                        format = tick }) {
    const px = (v) => left + ((v - x[0]) / (x[1] - x[0])) * (width - left - right);
    const py = (v) => height - bottom - ((v - y[0]) / (y[1] - y[0])) * (height - top - bottom);
    g.lineWidth = 1, g.strokeStyle = c.grid, g.fillStyle = c.soft;
    g.textAlign = "right", g.textBaseline = "middle";
    for (const v of yTicks) {
      g.beginPath(), g.moveTo(left, py(v)), g.lineTo(width - right, py(v)), g.stroke();
      g.fillText(format(v), left - 5, py(v));
    }
    g.textAlign = "center", g.textBaseline = "top";
    for (const v of xTicks) g.fillText(format(v), px(v), height - bottom + 4);
    if (xName) g.fillText(xName, (left + width - right) / 2, height - 13);
    if (yName) g.textAlign = "left", g.fillText(yName, left + 4, top - 6);
    return { px, py };
  }

  const bytesOf = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  /** Bytes of a base64 text that was deflated (zlib), or packed in another format that browsers know. */
  async function unpack(text, format = "deflate") {
    const stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream(format));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }
  /** Bits, the highest first, -> n zeros and ones. */
  const bits = (bytes, n) => Uint8Array.from({ length: n }, (_, i) => (bytes[i >> 3] >> (7 - (i & 7))) & 1);

  /** `frame(seconds)` on every frame until it returns false or `stop` is called. */
  function animate(frame) {
    let last = null, running = true;
    const step = (now) => {
      if (!running) return;
      const passed = last === null ? 0 : Math.min(0.1, (now - last) / 1000);
      last = now;
      if (frame(passed) !== false) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
    return () => (running = false);
  }

  /** Announce an explorer: `build(body)` fills it, and may take its time. */
  function explorer(name, build) {
    for (const figure of document.querySelectorAll(`.explorer[data-explorer="${name}"]`)) {
      const live = () => figure.classList.add("is-live");
      Promise.resolve(build(figure.querySelector(".explorer-body"))).then(live, () => stands(figure));
    }
  }

  /** The picture of an explorer stands where its scripts cannot. */
  const stands = (figure) => figure.classList.add("is-still");

  /** The scripts of an explorer are asked for when the reader comes near; its picture then only for print. */
  function watch() {
    const near = new IntersectionObserver((entries) => entries.filter((one) => one.isIntersecting).forEach(({ target }) => {
      near.unobserve(target);
      for (const src of target.dataset.scripts.split(" ")) {
        if (document.querySelector(`script[src="${src}"]`)) continue;
        const script = el("script", { src });
        script.async = false; // in this order
        script.onerror = () => stands(target);
        document.head.append(script);
      }
    }), { rootMargin: "600px" });
    document.querySelectorAll(".explorer").forEach((figure) => near.observe(figure));
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", watch);
  else watch();

  return {
    data: {},
    explorer,
    formulas: { confusion, jaccard, dice, sensitivity, specificity, accuracy, binarise, enlarge, distanceTo, border,
                quantile, hausdorff95, boundaryIou, signedDistance, mean },
    parts: { ARROWS, animate, axes, bits, box, button, bytesOf, choice, colour, drawKinds, el, legend, mix, number, outline,
             pixels, random, reduced, rgb, sentence, slider, stroke, surface, tick, tiles, toggle, unpack },
  };
})();
