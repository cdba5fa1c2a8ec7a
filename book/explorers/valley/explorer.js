/* A ball for each optimiser in the valley of lesson 04: (w1^2 + 50 w2^2) / 2, without noise. */
"use strict";
(() => {
  const { formulas: f, parts: p } = lesionseg;
  const STEEP = [1, 50], START = [-4, 1.5], STEPS = 150, X = [-5.2, 3.2], Y = [-2.6, 2.6];
  const height = ([a, b]) => (STEEP[0] * a * a + STEEP[1] * b * b) / 2;

  // One step for one weight: gradient g, state s, number of the step from 1. Constants and order are PyTorch's.
  const RULES = {
    plain: (g) => g,
    momentum: (g, s) => (s.m = 0.9 * s.m + g),
    rmsprop(g, s) {
      s.v = 0.99 * s.v + 0.01 * g * g;
      return g / (Math.sqrt(s.v) + 1e-8);
    },
    adam(g, s, step) {
      s.m = 0.9 * s.m + 0.1 * g;
      s.v = 0.999 * s.v + 0.001 * g * g;
      return s.m / (1 - 0.9 ** step) / (Math.sqrt(s.v / (1 - 0.999 ** step)) + 1e-8);
    },
  };

  /** The path of a rule down the valley, [steps + 1][2]. */
  function walk(rule, rate, start = START, steps = STEPS) {
    const path = [start], states = [{ m: 0, v: 0 }, { m: 0, v: 0 }];
    for (let step = 1; step <= steps; step++) {
      const at = path[path.length - 1];
      path.push(at.map((w, k) => w - rate * RULES[rule](STEEP[k] * w, states[k], step)));
    }
    return path;
  }
  f.walk = walk;

  const BALLS = [["plain", "plain descent", "blue", []], ["momentum", "momentum", "purple", [9, 3]],
                 ["rmsprop", "RMSprop", "vermilion", [5, 2.5]], ["adam", "Adam", "green", [2, 2.5]]];
  const RATE = { plain: 0.035, momentum: 0.01, rmsprop: 0.1, adam: 0.1 };

  lesionseg.explorer("valley", (body) => {
    let start = START, factor = 1, time = 0, stop = null, on = new Set(BALLS.map(([rule]) => rule)), paths;
    const compute = () => (paths = Object.fromEntries(BALLS.map(([rule]) => [rule, walk(rule, factor * RATE[rule], start)])));

    const ground = p.surface({
      label: "The valley from above with four balls. Arrow keys move the start, the space bar starts and stops",
      ratio: (width) => (width < 420 ? 0.72 : 0.62),
      draw(g, width, height_, c) {
        const px = (x) => ((x - X[0]) / (X[1] - X[0])) * width, py = (y) => ((Y[1] - y) / (Y[1] - Y[0])) * height_;
        for (let k = 12; k >= 0; k--) { // ellipses of equal height, darker towards the bottom
          const level = 0.06 * 2 ** k, rx = Math.sqrt(2 * level / STEEP[0]), ry = Math.sqrt(2 * level / STEEP[1]);
          g.beginPath();
          g.ellipse(px(0), py(0), px(rx) - px(0), py(0) - py(ry), 0, 0, 7);
          g.fillStyle = c.shade, g.globalAlpha = 0.22, g.fill(), g.globalAlpha = 1;
          g.strokeStyle = c.line, g.lineWidth = 1, g.stroke();
        }
        g.strokeStyle = c.soft, g.lineWidth = 1.5, g.beginPath();
        g.moveTo(px(0) - 5, py(0)), g.lineTo(px(0) + 5, py(0)), g.moveTo(px(0), py(0) - 5), g.lineTo(px(0), py(0) + 5), g.stroke();
        const now = Math.floor(time), part = time - now;
        for (const [rule, , hue, dash] of BALLS) {
          if (!on.has(rule)) continue;
          const path = paths[rule], ball = path[now].map((w, k) => w + part * ((path[now + 1] ?? path[now])[k] - w));
          g.strokeStyle = g.fillStyle = c[hue], g.lineWidth = 1.8, g.setLineDash(dash), g.beginPath();
          for (const at of [...path.slice(0, now + 1), ball]) g.lineTo(px(at[0]), py(at[1]));
          g.stroke(), g.setLineDash([]);
          for (const at of path.slice(1, now + 1)) g.beginPath(), g.arc(px(at[0]), py(at[1]), 1.6, 0, 7), g.fill();
          g.beginPath(), g.arc(px(ball[0]), py(ball[1]), 7, 0, 7), g.fill();
          g.strokeStyle = c.paper, g.lineWidth = 2, g.stroke();
        }
        g.beginPath(), g.arc(px(start[0]), py(start[1]), 6, 0, 7);
        g.fillStyle = c.paper, g.fill(), g.strokeStyle = c.ink, g.lineWidth = 2, g.stroke();
        g.fillStyle = c.soft, g.textBaseline = "bottom", g.textAlign = "left";
        g.fillText("weight 1 \u2192", 8, height_ - 6), g.save(), g.translate(16, height_ - 26), g.rotate(-Math.PI / 2);
        g.fillText("weight 2 \u2192", 0, 0), g.restore();
      },
      pointer(x, y, event) {
        if (event.type === "pointerdown" || event.buttons) place([X[0] + x * (X[1] - X[0]), Y[1] - y * (Y[1] - Y[0])]);
      },
      keys(key) {
        const step = p.ARROWS[key];
        if (step) return place([start[0] + 0.25 * step[0], start[1] - 0.25 * step[1]]), true;
        return key === " " && (play(), true);
      },
    });
    const chart = p.surface({
      label: "Height of each ball after each step, on a logarithmic scale",
      ratio: () => (innerWidth < 660 ? 0.6 : 0.95),
      draw(g, width, height_, c) {
        const log = (v) => Math.log10(Math.max(1e-7, Math.min(1e4, v)));
        const s = p.axes(g, c, { width, height: height_, left: 44, top: 12, right: 14, x: [0, STEPS], y: [-7, 4], xTicks: [0, 50, 100, 150],
          yTicks: [-6, -4, -2, 0, 2, 4], xName: "step", format: (v) => v });
        g.fillStyle = c.paper, g.fillRect(0, 0, 42, height_ - 30), g.fillStyle = c.soft, g.textAlign = "right", g.textBaseline = "middle";
        for (const v of [-6, -4, -2, 0, 2, 4]) g.fillText(v ? `10${[...String(v)].map((d) => ({ "-": "\u207b", 2: "\u00b2", 4: "\u2074", 6: "\u2076" })[d]).join("")}` : "1", 38, s.py(v));
        for (const [rule, , hue, dash] of BALLS) {
          if (!on.has(rule)) continue;
          const path = paths[rule], now = Math.floor(time);
          g.lineWidth = 1, g.strokeStyle = c.faint, g.beginPath();
          path.forEach((at, k) => k >= now && g.lineTo(s.px(k), s.py(log(height(at)))));
          g.stroke();
          g.lineWidth = 2, g.strokeStyle = g.fillStyle = c[hue], g.setLineDash(dash), g.beginPath();
          path.slice(0, now + 1).forEach((at, k) => g.lineTo(s.px(k), s.py(log(height(at)))));
          g.stroke(), g.setLineDash([]);
          g.beginPath(), g.arc(s.px(now), s.py(log(height(path[now]))), 4, 0, 7), g.fill();
        }
      },
    });
    const roll = p.button("roll", play), says = p.sentence();
    const rates = p.slider({ name: "rate, times", min: -1, max: 1, step: 0.02, value: 0, show: (v) => `\u00d7 ${p.number(10 ** v)}`,
                             change: (v) => ((factor = 10 ** v), rewind()) });
    const steps = p.slider({ name: "step", min: 0, max: STEPS, step: 1, value: 0, change: (v) => (halt(), (time = v), show()) });
    const toggles = BALLS.map(([rule, name, hue]) => {
      const t = p.toggle(name, true, (yes) => (yes ? on.add(rule) : on.delete(rule), show()));
      t.node.append(p.el("b", { class: "ex-mark", style: `background:var(--ex-${hue});border-radius:50%` }));
      return t.node;
    });

    const halt = () => {
      stop?.(), (stop = null), (roll.textContent = "roll");
    };
    function rewind() {
      halt(), (time = 0), compute(), show();
    }
    function place(at) {
      start = [Math.max(X[0] + 0.2, Math.min(X[1] - 0.2, at[0])), Math.max(Y[0] + 0.15, Math.min(Y[1] - 0.15, at[1]))];
      rewind();
    }
    function play() {
      if (stop) return halt();
      if (time >= STEPS) time = 0;
      if (p.reduced.matches) return (time = STEPS), show();
      roll.textContent = "stop";
      stop = p.animate((seconds) => {
        time = Math.min(STEPS, time + seconds * (time < 20 ? 6 : 25));
        show();
        if (time >= STEPS) halt();
        return time < STEPS;
      });
    }
    function show() {
      const now = Math.floor(time), shown = BALLS.filter(([rule]) => on.has(rule));
      steps.set(now);
      const end = shown.map(([rule, name]) => [name, height(paths[rule][now])]).sort((a, b) => a[1] - b[1]);
      const lost = end.filter(([, h]) => !(h < 100 * height(START))).map(([name]) => name);
      if (!end.length) says.say("No ball is left in the race.");
      else if (!now) says.say("All start at the open dot; the cross is the lowest point. The walls are fifty times steeper than the floor.");
      else says.say(`After ${now} step${now > 1 ? "s" : ""} ${end[0][0]} is lowest` +
        (end.length > 1 && end.length > lost.length ? `, ${end[end.length - 1][0]} highest` : "") + "." +
        (lost.length ? ` Out of the valley: ${lost.join(", ")}; at this rate each step is longer than the last.` : " Do not believe the race: without noise nobody needs a running mean."));
      ground.redraw(), chart.redraw();
    }

    body.append(p.box("columns wide-left", p.box("stack", ground.node), p.box("stack", chart.node)),
      p.box("row", roll, p.button("back to the start", () => ((start = START), rewind())), ...toggles),
      p.box("stack sliders", steps.node, rates.node), says.node,
      p.el("p", { class: "ex-note" }, "At \u00d7 1 the rates are .035 (plain), .01 (momentum), .1 (RMSprop, Adam). Drag the open dot, or move it with the arrow keys."));
    compute();
    time = p.reduced.matches ? STEPS : 0;
    show();
    // It rolls once by itself, when it is first seen.
    new IntersectionObserver((seen, watch) => {
      if (seen.some((one) => one.isIntersecting)) watch.disconnect(), p.reduced.matches || play();
    }, { threshold: 0.4 }).observe(ground.node);
  });
})();
