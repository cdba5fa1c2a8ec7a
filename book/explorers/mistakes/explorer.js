/* A predicted disc with mistakes over a true one: four scores that do not agree. */
"use strict";
(() => {
  const { formulas: f, parts: p } = lesionseg;
  const H = 96, W = 128, RADIUS = 26, Y = 47.5, X = 63.5;
  const FAR = [[16, 20], [84, 22], [20, 108], [80, 106], [10, 64], [88, 66], [48, 14], [50, 116]]; // rows, columns

  const paint = (inside) => Uint8Array.from({ length: H * W }, (_, i) => (inside(Math.floor(i / W), i % W) ? 1 : 0));
  const TRUTH = paint((y, x) => Math.hypot(y - Y, x - X) < RADIUS);
  const right = () => ({ dx: 0, dy: 0, grown: 0, bites: [], specks: [] });
  /** The predicted mask: a disc, moved and grown, then bitten, then speckled. */
  const draw = (s) => paint((y, x) => {
    const near = ([r, c, size]) => Math.hypot(y - r, x - c) < size;
    if (s.specks.some(near)) return true;
    return Math.hypot(y - Y - s.dy, x - X - s.dx) < RADIUS + s.grown && !s.bites.some(near);
  });
  const scores = (mask) => {
    const c = f.confusion(mask, TRUTH);
    return { jaccard: f.jaccard(c), dice: f.dice(c), boundary: f.boundaryIou(mask, TRUTH, H, W),
             hausdorff: f.hausdorff95(mask, TRUTH, H, W), counts: c };
  };

  /** The mistake of one kind whose J comes nearest to .8, by halving its size. */
  function tuned(make) {
    let low = 0, high = 24;
    for (let k = 0; k < 24; k++) {
      const middle = (low + high) / 2;
      f.jaccard(f.confusion(draw(make(middle)), TRUTH)) > 0.8 ? (low = middle) : (high = middle);
    }
    return make(low);
  }
  const KINDS = [
    ["dragged", (a) => ({ ...right(), dx: a, dy: a / 3 })],
    ["grown", (a) => ({ ...right(), grown: a })],
    ["bitten", (a) => ({ ...right(), bites: [[Y - 14, X + 20, a]] })],
    ["speckled", (a) => ({ ...right(), specks: FAR.map(([r, c], k) => [r, c, a + 0.17 * k]) })],
  ];

  /** The two border pixels whose distance is the 95 % one: where the ruler is drawn. */
  function ruler(mask) {
    const ours = f.border(mask, H, W), truth = f.border(TRUTH, H, W);
    if (!ours.includes(1)) return null;
    let best = null;
    for (const [from, to] of [[ours, truth], [truth, ours]]) {
      const d = f.distanceTo(to, H, W), list = [...from.keys()].filter((i) => from[i]).sort((a, b) => d[a] - d[b]);
      const i = list[Math.round(0.95 * (list.length - 1))];
      if (best && d[i] <= best.d) continue;
      const near = [...to.keys()].filter((j) => to[j]).reduce((a, b) => (gap(i, b) < gap(i, a) ? b : a));
      best = { d: d[i], a: i, b: near };
    }
    return best;
  }
  const gap = (i, j) => Math.hypot(Math.floor(i / W) - Math.floor(j / W), (i % W) - (j % W));

  lesionseg.explorer("mistakes", (body) => {
    const presets = KINDS.map(([name, make]) => ({ name, state: tuned(make) }));
    for (const one of presets) one.mask = draw(one.state), one.scores = scores(one.mask);
    let state = structuredClone(presets[0].state), tool = "drag", mask, cursor = [Y, X], last = null, focused = false;

    const picture = p.surface({
      label: "True disc and predicted mask. Arrow keys drag the disc or move the tool, Enter uses the tool, plus and minus grow the disc",
      ratio: H / W,
      draw(g, width, height, c) {
        const scale = width / W;
        p.drawKinds(g, c, mask, TRUTH, H, W, 0, 0, width);
        const line = ruler(mask);
        if (line && line.d >= 1) {
          const at = (i) => [((i % W) + 0.5) * scale, (Math.floor(i / W) + 0.5) * scale];
          const [a, b] = [at(line.a), at(line.b)];
          for (const [style, wide] of [[c.paper, 5], [c.ink, 2]]) {
            g.strokeStyle = style, g.lineWidth = wide, g.beginPath(), g.moveTo(...a), g.lineTo(...b), g.stroke();
            for (const point of [a, b]) g.beginPath(), g.arc(...point, 2.5, 0, 7), g.stroke();
          }
        }
        if (focused && tool !== "drag") {
          g.strokeStyle = c.ink, g.lineWidth = 1.5, g.setLineDash([4, 3]), g.beginPath();
          g.arc(cursor[1] * scale, cursor[0] * scale, size.value * scale, 0, 7), g.stroke(), g.setLineDash([]);
        }
      },
      pointer(x, y, event) {
        const at = [y * H, x * W];
        focused = true;
        if (event.type === "pointerdown" && tool !== "drag") use(at);
        if (event.type === "pointermove" && event.buttons && tool === "drag" && last) {
          state.dx += at[1] - last[1], state.dy += at[0] - last[0];
          clamp(), show();
        }
        last = event.type === "pointerup" ? null : at;
        cursor = at;
        picture.redraw();
      },
      leave: () => ((focused = false), picture.redraw()),
      keys(key, shift) {
        const step = p.ARROWS[key];
        focused = true;
        if (step) {
          const far = shift ? 5 : 1;
          if (tool === "drag") state.dx += far * step[0], state.dy += far * step[1], clamp();
          else cursor = [cursor[0] + 2 * far * step[1], cursor[1] + 2 * far * step[0]];
          return show(), true;
        }
        if (key === "Enter" || key === " ") return tool !== "drag" && use(cursor), true;
        if ("+-".includes(key)) return grow(state.grown + (key === "+" ? 1 : -1)), true;
        return false;
      },
    });
    picture.canvas.addEventListener("blur", () => ((focused = false), picture.redraw()));
    const clamp = () => {
      state.dx = Math.max(-60, Math.min(60, state.dx)), state.dy = Math.max(-45, Math.min(45, state.dy));
    };
    const use = (at) => {
      (tool === "bite" ? state.bites : state.specks).push([at[0], at[1], size.value]);
      show();
    };
    const grow = (by) => {
      state.grown = Math.max(-20, Math.min(20, by));
      grown.set(state.grown), show();
    };

    const tools = p.choice({ name: "tool", value: tool, change: (v) => (tool = v),
                             options: [["drag", "drag"], ["bite", "bite"], ["speck", "speckle"]] });
    const grown = p.slider({ name: "grow", min: -20, max: 20, step: 1, value: 0, change: grow,
                             show: (v) => `${p.number(v, 0)} px` });
    const size = p.slider({ name: "bite, speck", min: 2, max: 20, step: 1, value: 5, change: () => picture.redraw(),
                            show: (v) => `${v} px` });
    const values = p.tiles({ jaccard: { name: "J", share: true }, dice: { name: "Dice", share: true },
                             boundary: { name: "boundary IoU", share: true }, hausdorff: { name: "Hausdorff 95 %" } }, "two");
    const says = p.sentence();

    // Four mistakes with one J: small pictures that are buttons, the scores below.
    const minis = presets.map((one) => {
      const small = p.surface({ label: "", ratio: H / W,
        draw: (g, width, height, c) => p.drawKinds(g, c, one.mask, TRUTH, H, W, 0, 0, width) });
      small.canvas.removeAttribute("aria-label"), small.canvas.setAttribute("aria-hidden", "true");
      small.canvas.removeAttribute("role");
      const s = one.scores;
      return p.el("button", { type: "button", class: "ex-card", onclick: () => take(one.state) }, small.node,
        p.el("b", {}, one.name),
        p.el("span", {}, `J ${p.number(s.jaccard)}`), p.el("span", {}, `boundary ${p.number(s.boundary)}`),
        p.el("span", {}, `95 %: ${p.number(s.hausdorff, 0)} px`));
    });
    const take = (other) => {
      state = structuredClone(other);
      grown.set(Math.round(state.grown)), show();
    };

    function show() {
      mask = draw(state);
      const s = scores(mask), c = s.counts;
      values.set({ jaccard: [p.number(s.jaccard), s.jaccard], dice: [p.number(s.dice), s.dice],
                   boundary: [p.number(s.boundary), s.boundary], hausdorff: [`${p.number(s.hausdorff, 1)} px`] });
      const loose = s.jaccard - s.boundary, text = [`${c.fp} pixels added, ${c.fn} missed.`];
      if (c.fp + c.fn === 0) text[0] = "The masks are equal: every score is at its best.";
      else if (s.hausdorff > 30) text.push("Something lies far from every true border, and Hausdorff alone measures how far. To J an added pixel costs the same wherever it lies.");
      else if (loose > 0.3) text.push("Most of the area is right and most of the border is not: boundary IoU falls long before J does.");
      else if (c.fp && !c.fn) text.push("Sensitivity would be perfect: nothing is missed. J charges what is added.");
      else if (!c.fp) text.push("Specificity would be perfect: nothing is added. Boundary IoU forgives the bite, for most of the border is right; Hausdorff measures how deep it is.");
      else text.push("Dice only sounds better: for one image it is J on another scale.");
      says.say(text.join(" "));
      picture.redraw();
    }

    body.append(
      p.el("div", { class: "ex-cards", role: "group", "aria-label": "Four mistakes with the same J" }, ...minis),
      p.box("columns wide-left", p.box("stack", picture.node, p.legend()),
        p.box("stack", values.node, p.box("row", tools.node, p.button("undo all", () => take(right()))),
          p.box("stack sliders", grown.node, size.node),
          p.el("p", { class: "ex-note" }, "The line with two rings is the Hausdorff distance: 95 % of both borders lie nearer than its length. ",
            "Keys on the picture: arrows, ", p.el("kbd", {}, "Enter"), ", ", p.el("kbd", {}, "+"), " ", p.el("kbd", {}, "\u2212"), "."))),
      says.node);
    show();
  });
})();
