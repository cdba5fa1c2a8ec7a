/* Whether a pair of mean IoU and mean Dice can exist, and which rule brings our own masks near it. */
"use strict";
(() => {
  const { formulas: f, parts: p } = lesionseg;
  const ROUNDING = 5e-4, X = [0.2, 1], Y = [0.3, 1];

  // lesionseg_lib.results.claims
  f.highestDice = (iou) => (2 * iou) / (1 + iou);
  f.isPossible = (iou, dice) => iou - ROUNDING <= dice && dice <= f.highestDice(iou) + ROUNDING;
  f.distances = (iou, dice, readings) => Object.fromEntries(Object.entries(readings).map(([rule, [j, d]]) =>
    [rule, Math.hypot(j - iou, d - dice)]));
  /** The mean IoU that a mean Dice needs at least. */
  const lowestIou = (dice) => dice / (2 - dice);
  const exact = (v) => v.toFixed(4).replace(/^0/, "").replace(/0+$/, "").replace(/\.$/, "");
  const RULES = { per_image: "mean over images (official)", pooled: "all pixels as one image", pooled_batches: "pixels of each batch pooled",
    last_batch: "the last batch alone", background_averaged: "mean with the background", network_size: "at the network's size",
    soft: "probabilities instead of masks", logits_cut_at_half: "logits cut at .5", train_mode: "network in training mode" };

  lesionseg.explorer("claims", (body) => {
    const { claims } = lesionseg.data.claims, names = Object.keys(claims);
    let name = "transposed-frozen" in claims ? "transposed-frozen" : names[0], iou, dice, area;

    const plane = p.surface({
      label: "The plane of mean IoU and mean Dice with the region of possible pairs. Arrow keys move the claimed pair",
      ratio: (width) => (width < 420 ? 0.92 : 0.8),
      draw(g, width, height, c) {
        const s = area = p.axes(g, c, { width, height, left: 36, top: 16, right: 14, bottom: 32, x: X, y: Y, xTicks: [0.2, 0.4, 0.6, 0.8, 1],
          yTicks: [0.4, 0.6, 0.8, 1], xName: "mean IoU" });
        area.width = width, area.height = height;
        g.textAlign = "left", g.textBaseline = "top", g.fillStyle = c.soft, g.fillText("mean Dice", 40, 2);
        g.save(), g.beginPath(), g.rect(36, 16, width - 50, height - 48), g.clip();
        g.beginPath(), g.moveTo(s.px(X[0]), s.py(X[0]));
        for (let j = X[0]; j <= 1.001; j += 0.01) g.lineTo(s.px(j), s.py(f.highestDice(j)));
        g.lineTo(s.px(1), s.py(1)), g.closePath();
        g.fillStyle = c.shade, g.fill(), g.strokeStyle = c.blue, g.lineWidth = 1.5, g.stroke();
        if (!f.isPossible(iou, dice)) { // how far from the nearest possible Dice
          const goal = Math.max(iou, Math.min(f.highestDice(iou), dice));
          g.strokeStyle = c.miss, g.lineWidth = 2, g.setLineDash([4, 3]), g.beginPath();
          g.moveTo(s.px(iou), s.py(dice)), g.lineTo(s.px(iou), s.py(goal)), g.stroke(), g.setLineDash([]);
        }
        g.restore();
        g.fillStyle = c.soft, g.textAlign = "right", g.textBaseline = "middle";
        g.fillText("impossible: too much Dice", s.px(0.62), s.py(0.93));
        g.fillText("impossible: Dice below IoU", s.px(0.97), s.py(0.42));
        g.save(), g.translate(s.px(0.32), s.py(f.highestDice(0.32) - 0.06)), g.rotate(-0.72), g.textAlign = "center";
        g.fillStyle = c.blue, g.fillText("possible", 0, 0), g.restore();
        const near = nearest()[0];
        for (const [rule, [j, d]] of Object.entries(claims[name].readings)) {
          g.beginPath(), g.arc(s.px(j), s.py(d), rule === near ? 5 : 3.2, 0, 7);
          g.fillStyle = rule === near ? c.good : c.soft, g.fill();
        }
        const [j, d] = claims[name].readings[near];
        g.strokeStyle = c.good, g.lineWidth = 1, g.beginPath(), g.moveTo(s.px(iou), s.py(dice)), g.lineTo(s.px(j), s.py(d)), g.stroke();
        const tint = f.isPossible(iou, dice) ? c.accent : c.miss;
        g.beginPath(), g.arc(s.px(iou), s.py(dice), 8, 0, 7), g.fillStyle = tint, g.fill();
        g.strokeStyle = c.paper, g.lineWidth = 2.5, g.stroke();
        if (!f.isPossible(iou, dice)) {
          g.beginPath();
          for (const k of [-3, 3]) g.moveTo(s.px(iou) - 3, s.py(dice) - k), g.lineTo(s.px(iou) + 3, s.py(dice) + k);
          g.lineWidth = 1.8, g.stroke();
        }
      },
      pointer(x, y, event) {
        if (event.type !== "pointerdown" && !event.buttons) return;
        const at = (v, from, to, range) => range[0] + ((v - from) / (to - from)) * (range[1] - range[0]);
        place(at(x * area.width, area.px(X[0]), area.px(X[1]), X), at(y * area.height, area.py(Y[0]), area.py(Y[1]), Y));
      },
      keys(key, shift) {
        const step = p.ARROWS[key], far = shift ? 0.05 : 0.005;
        return step && (place(iou + far * step[0], dice - far * step[1]), true);
      },
    });
    const nearest = () => Object.entries(f.distances(iou, dice, claims[name].readings)).reduce((a, b) => (b[1] < a[1] ? b : a));

    const field = (title, apply) => {
      const input = p.el("input", { type: "number", min: 0, max: 1, step: 0.001, inputmode: "decimal",
        oninput: () => input.value !== "" && apply(Math.max(0, Math.min(1, +input.value))) });
      return { node: p.el("label", { class: "ex-number" }, p.el("span", {}, title), input), input };
    };
    const fields = [field("mean IoU", (v) => place(v, dice, 0)), field("mean Dice", (v) => place(iou, v, 1))];
    const menu = p.el("select", { onchange: () => take(menu.value) },
      ...names.map((one) => p.el("option", { value: one, selected: one === name },
        one)));
    const verdict = p.el("p", { class: "ex-verdict" }), says = p.sentence();
    const bound = p.tiles({ least: { name: "Dice is at least" }, most: { name: "and at most" } }, "two");

    function take(one) {
      name = one;
      place(claims[one].iou, claims[one].dice);
    }
    /** `typed`: the field being written in, which is left as it is. */
    function place(j, d, typed) {
      iou = Math.max(0, Math.min(1, j)), dice = Math.max(0, Math.min(1, d));
      [iou, dice].forEach((v, k) => typed !== k && (fields[k].input.value = exact(v) || "0"));
      const most = f.highestDice(iou), possible = f.isPossible(iou, dice), even = (dice - iou) / (most - iou);
      verdict.textContent = possible ? "possible" : "impossible";
      verdict.classList.toggle("no", !possible);
      bound.set({ least: [exact(iou)], most: [p.number(most, 3)] });
      const [rule, far] = nearest(), text = [];
      if (dice > most + ROUNDING) text.push(`No set of masks has this pair: a mean IoU of ${exact(iou)} allows a mean Dice of ${p.number(most, 3)} at most; ` +
        `so much Dice needs a mean IoU of ${p.number(lowestIou(dice), 3)} or more. The two figures are not means of the same masks by one rule.`);
      else if (dice < iou - ROUNDING) text.push("No mask has less Dice than IoU, so no mean has either. Were the two columns exchanged?");
      else if (even > 0.97) text.push("On the upper edge: all photos score alike, or all pixels were pooled into one image.");
      else if (even < 0.5) text.push("Far below the upper edge: the scores spread widely, as when some photos are lost altogether.");
      else text.push("Possible. How far below the upper edge it lies tells how widely the photos' scores spread.");
      text.push(`Of the rules by which we scored our own masks of ${name}, "${RULES[rule] ?? rule}" comes nearest, ${p.number(far, 3)} away` +
        (far > 0.03 ? ": too far to explain it." : ". That proves nothing, but it is a question to ask."));
      says.say(text.join(" "));
      plane.redraw();
    }

    body.append(
      p.box("columns wide-left", p.box("stack", plane.node,
        p.box("legend", ...[["--ex-accent", "the claimed pair; red with a cross: impossible"], ["--ex-soft", "our masks, rule by rule"], ["--ex-good", "the nearest rule"]].map(([hue, text]) =>
          p.el("span", {}, p.el("b", { class: "ex-mark", style: `background:var(${hue});border-radius:50%` }), text)))),
        p.box("stack", p.el("label", { class: "ex-number" }, p.el("span", {}, "a claim"), menu), ...fields.map((one) => one.node), verdict, bound.node)),
      says.node,
      p.el("p", { class: "ex-note" }, "Figures are taken to be rounded to three digits. Claims and rules: the recipes and their records."));
    take(name);
  });
})();
