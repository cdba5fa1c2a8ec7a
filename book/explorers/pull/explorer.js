/* A painted mask, turned into logits as in lesson 04, and the pull of a loss on each of its pixels. */
"use strict";
(() => {
  const { formulas: f, parts: p } = lesionseg;
  const H = 72, W = 96, SMOOTH = 1, FP = 0.3, FN = 0.7, MOST = 12;
  const sigmoid = (z) => 1 / (1 + Math.exp(-z));
  const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
  f.sigmoid = sigmoid;

  /** Value of a loss of one photo, and its pull: minus the gradient with respect to the logits.
      Definitions: lesionseg_lib.training.losses. `phi`: signed distance of the truth. */
  function overlap(z, t, alpha, beta) {
    let tp = 0, fp = 0, fn = 0;
    const prob = z.map(sigmoid);
    prob.forEach((v, i) => (t[i] ? ((tp += v), (fn += 1 - v)) : (fp += v)));
    const top = tp + SMOOTH, bottom = tp + alpha * fp + beta * fn + SMOOTH;
    return { value: 1 - top / bottom, pull: prob.map((v, i) => {
      const up = t[i], down = t[i] ? 1 - beta : alpha; // of top and bottom, per unit of probability
      return v * (1 - v) * (up * bottom - top * down) / bottom ** 2;
    }) };
  }
  function dice(z, t) {
    let both = 0, all = 0;
    const prob = z.map(sigmoid);
    prob.forEach((v, i) => ((both += v * t[i]), (all += v + t[i])));
    const top = 2 * both + SMOOTH, bottom = all + SMOOTH;
    return { value: 1 - top / bottom, pull: prob.map((v, i) => v * (1 - v) * (2 * t[i] * bottom - top) / bottom ** 2) };
  }
  const perPixel = (z, t, loss, slope) => ({
    value: f.mean(z.map((v, i) => loss(t[i] ? v : -v))),
    pull: z.map((v, i) => ((t[i] ? -1 : 1) * slope(t[i] ? v : -v)) / z.length),
  });
  const sum = (a, b) => ({ value: a.value + b.value, pull: a.pull.map((v, i) => v + b.pull[i]) });
  const LOSSES = {
    // v: the logit of the truth; q = sigmoid(v) its probability; cross-entropy log(1 + exp(-v)).
    bce: (z, t) => perPixel(z, t, (v) => softplus(-v), (v) => -sigmoid(-v)),
    focal: (z, t) => perPixel(z, t, (v) => sigmoid(-v) ** 2 * softplus(-v), (v) => {
      const miss = sigmoid(-v);
      return -(miss ** 2) * (2 * sigmoid(v) * softplus(-v) + miss);
    }),
    dice,
    iou: (z, t) => overlap(z, t, 1, 1),
    tversky: (z, t) => overlap(z, t, FP, FN),
    "dice+bce": (z, t) => sum(dice(z, t), LOSSES.bce(z, t)),
    boundary(z, t, phi) {
      const prob = z.map(sigmoid), n = z.length;
      return { value: f.mean(prob.map((v, i) => phi[i] * (v - t[i]))), pull: prob.map((v, i) => (-v * (1 - v) * phi[i]) / n) };
    },
  };
  f.lossAndPull = (name, z, t, phi) => LOSSES[name](z, t, phi);
  /** Sure inside, doubtful at the border of the drawn mask: 6 * clamp(-17 * signed distance). */
  f.logitsOf = (mask, h, w) => f.signedDistance(mask, h, w).map((d) => 6 * Math.max(-1, Math.min(1, -17 * d)));

  const paint = (inside) => Uint8Array.from({ length: H * W }, (_, i) => (inside(Math.floor(i / W), i % W) ? 1 : 0));
  const TRUTH = paint((y, x) => Math.hypot((y - 39) / 21, (x - 43.5) / 28.5) < 1 + 0.08 * Math.sin(5 * Math.atan2(y - 39, x - 43.5)));
  const WRONG = paint((y, x) => {
    const i = y * W + x, strip = x > 69 && x < 78 && y > 25 && y < 54, corner = x < 31 && y > 43;
    return ((TRUTH[i] || strip) && !(TRUTH[i] && corner)) || Math.hypot(y - 10.5, x - 84) < 4.5;
  });
  const PHI = f.signedDistance(TRUTH, H, W);
  const SAYS = {
    bce: "BCE is strongest where the network is sure and wrong: strip, corner and island light up as wholes.",
    focal: "Focal looks at the sure mistakes and at little else; whatever is nearly right counts for nothing.",
    dice: "Dice works on doubtful rims, of right and of wrong edges alike; the sure middle of a mistake is pale.",
    iou: "On one photo IoU pulls exactly like Dice, times a number. Switch between the two: the map stays.",
    tversky: "Like Dice, but a missed pixel costs more than twice an added one: look at the missed corner.",
    "dice+bce": "Added up, the larger of two gradients rules: compare with each of the two alone.",
    boundary: "Pull in proportion to the distance from the true border: hardest on the rim of what lies far away.",
  };

  lesionseg.explorer("pull", (body) => {
    let mask = WRONG.slice(), loss = "bce", brush = "add", z, now, average, cursor = [36, 73], last = null, seen = false, queued = false;

    const map = p.surface({
      label: "Map of the pull on each pixel, to paint on. Arrow keys move the brush, Enter paints",
      ratio: H / W,
      draw(g, width, height, c) {
        const zero = p.rgb(c.paper), up = p.rgb(c.blue), down = p.rgb(c.vermilion);
        p.pixels(g, W, H, (i) => {
          const pull = now.pull[i] / average, share = Math.min(1, Math.sqrt(Math.abs(pull) / MOST));
          return p.mix(zero, pull > 0 ? up : down, share);
        }, 0, 0, width, height);
        const scale = width / W;
        p.stroke(g, p.outline(TRUTH, H, W), 0, 0, scale, c.ink, 2);
        p.stroke(g, p.outline(mask, H, W), 0, 0, scale, c.paper, 3), p.stroke(g, p.outline(mask, H, W), 0, 0, scale, c.ink, 1.3, [4, 3]);
        if (seen) {
          g.beginPath(), g.arc((cursor[1] + 0.5) * scale, (cursor[0] + 0.5) * scale, size.value * scale, 0, 7);
          g.strokeStyle = c.paper, g.lineWidth = 3.5, g.stroke(), g.strokeStyle = c.ink, g.lineWidth = 1.5, g.stroke();
        }
      },
      pointer(x, y, event) {
        cursor = [Math.max(0, Math.min(H - 1, Math.floor(y * H))), Math.max(0, Math.min(W - 1, Math.floor(x * W)))];
        seen = true;
        if (event.buttons) stamp(last ?? cursor, cursor);
        last = event.buttons ? cursor : null;
        point();
      },
      leave: () => ((seen = false), point()),
      keys(key, shift) {
        const step = p.ARROWS[key];
        seen = true;
        if (step) {
          const far = shift ? 6 : 2;
          cursor = [Math.max(0, Math.min(H - 1, cursor[0] + far * step[1])), Math.max(0, Math.min(W - 1, cursor[1] + far * step[0]))];
          return point(), true;
        }
        if (key === "Enter" || key === " ") return stamp(cursor, cursor), point(), true;
        return false;
      },
    });
    map.canvas.addEventListener("blur", () => ((seen = false), map.redraw()));

    /** Paint along the line from a to b. */
    function stamp(a, b) {
      const far = Math.hypot(b[0] - a[0], b[1] - a[1]);
      for (let k = 0; k <= far; k++) {
        const share = far ? k / far : 0, r = a[0] + share * (b[0] - a[0]), c = a[1] + share * (b[1] - a[1]), size_ = size.value;
        for (let y = Math.max(0, Math.floor(r - size_)); y <= Math.min(H - 1, r + size_); y++)
          for (let x = Math.max(0, Math.floor(c - size_)); x <= Math.min(W - 1, c + size_); x++)
            if (Math.hypot(y - r, x - c) < size_) mask[y * W + x] = brush === "add" ? 1 : 0;
      }
      if (!queued) requestAnimationFrame(() => ((queued = false), compute()));
      queued = true;
    }

    const losses = p.choice({ name: "loss", value: loss, options: Object.keys(LOSSES).map((name) => [name, name]),
                              change: (v) => ((loss = v), compute()) });
    const brushes = p.choice({ name: "brush", value: brush, options: [["add", "paint lesion"], ["wipe", "wipe it off"]],
                               change: (v) => (brush = v) });
    const size = p.slider({ name: "width", min: 1.5, max: 8, step: 0.5, value: 4, show: (v) => `${2 * v} px`, change: () => map.redraw() });
    const values = p.tiles({ loss: { name: "the loss" }, jaccard: { name: "J of the mask", share: true },
                             pixel: { name: "pull here, times the mean" }, logit: { name: "logit here" } }, "pairs");
    const says = p.sentence();
    const scale = p.surface({
      label: `Colour scale: orange is lowered towards skin, blue is raised towards lesion, white is no pull, darkest ${MOST} times the mean`,
      ratio: () => 0.072 * 650 / Math.max(300, scale.node.clientWidth || 650) ,
      draw(g, width, height, c) {
        const zero = p.rgb(c.paper), up = p.rgb(c.blue), down = p.rgb(c.vermilion);
        const at = (v) => width / 2 + Math.sign(v) * Math.sqrt(Math.abs(v) / MOST) * width * 0.46;
        for (let x = 0; x < width * 0.92; x++) {
          const share = (2 * x) / (width * 0.92) - 1;
          g.fillStyle = `rgb(${p.mix(zero, share > 0 ? up : down, Math.abs(share)).slice(0, 3).join()})`;
          g.fillRect(x + width * 0.04, 0, 1.5, 11);
        }
        g.fillStyle = c.soft, g.textAlign = "center", g.textBaseline = "top";
        for (const v of [-12, -4, -1, 0, 1, 4, 12]) g.fillText(Math.abs(v), at(v), 14);
        g.textBaseline = "bottom", g.textAlign = "left";
        if (height > 42) g.fillText("\u2190 lowered, towards skin", width * 0.04, height), (g.textAlign = "right"), g.fillText("raised, towards lesion \u2192", width * 0.96, height);
      },
    });
    scale.canvas.classList.add("is-bare");

    function compute() {
      z = f.logitsOf(mask, H, W), now = LOSSES[loss](z, TRUTH, PHI);
      average = Math.max(1e-30, f.mean(now.pull.map(Math.abs)));
      const j = f.jaccard(f.confusion(mask, TRUTH));
      values.set({ loss: [p.number(now.value, 3)], jaccard: [p.number(j), j] });
      says.say(SAYS[loss]);
      point();
    }
    function point() {
      const i = cursor[0] * W + cursor[1], pull = now.pull[i] / average;
      values.set({ pixel: [`${p.number(Math.abs(pull), 1)} ${pull > 0 ? "up" : "down"}`], logit: [p.number(z[i], 1)] });
      map.redraw();
    }

    body.append(losses.node,
      p.box("columns wide-left", p.box("stack", map.node, scale.node),
        p.box("stack", values.node, brushes.node, size.node,
          p.box("row", p.button("three mistakes", () => ((mask = WRONG.slice()), compute())), p.button("no mistake", () => ((mask = TRUTH.slice()), compute()))),
          p.box("legend", p.el("span", {}, p.el("b", { class: "ex-mark line" }), "true outline"), p.el("span", {}, p.el("b", { class: "ex-mark dashed" }), "painted mask")))),
      says.node,
      p.el("p", { class: "ex-note" }, "The network is taken to be sure of the painted mask, logits 6 and \u22126, and to doubt at its border. Every loss pulls every pixel the right way; only the strength differs, shown in multiples of the loss's own mean."));
    values.node.classList.add("two");
    compute();
  });
})();
