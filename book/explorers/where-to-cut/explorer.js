/* A threshold moves over recorded probabilities; mask, counts and scores follow. The maps are rounded to 1/255. */
"use strict";
(() => {
  const { formulas: f, parts: p } = lesionseg;
  const CUTS = Array.from({ length: 101 }, (_, k) => k / 100);

  /** Counts at every cut 0, .01 ... 1 in one pass: a pixel is lesion at the cuts below its probability. */
  function countsByCut(map, truth) {
    const yes = new Float64Array(103), no = new Float64Array(103); // by the number of cuts that a pixel passes
    map.forEach((probability, i) => {
      let k = Math.min(101, Math.max(0, Math.ceil(probability * 100)));
      while (k < 101 && probability > CUTS[k]) k++;
      while (k > 0 && !(probability > CUTS[k - 1])) k--;
      (truth[i] ? yes : no)[k]++;
    });
    let tp = 0, fp = 0;
    const lesion = f.mean(truth) * truth.length, out = [];
    for (let k = 101; k >= 1; k--) {
      tp += yes[k], fp += no[k];
      out[k - 1] = { tp, fp, fn: Math.round(lesion) - tp, tn: truth.length - Math.round(lesion) - fp };
    }
    return out;
  }
  f.countsByCut = countsByCut;

  const LINES = [["jaccard", "J", "blue", []], ["dice", "Dice", "green", [7, 3]],
                 ["sensitivity", "sensitivity", "vermilion", [2, 2.5]], ["specificity", "specificity", "soft", [8, 3, 2, 3]]];

  lesionseg.explorer("where-to-cut", async (body) => {
    const data = lesionseg.data["where-to-cut"];
    const photos = await Promise.all(data.photos.map(async (photo) => {
      const small = Float64Array.from(await p.unpack(photo.map), (v) => v / 255);
      const [h, w] = photo.size;
      const map = f.enlarge(small, data.side, data.side, h, w);
      const truth = p.bits(await p.unpack(photo.truth), h * w);
      return { ...photo, h, w, map, truth, counts: countsByCut(map, truth) };
    }));
    const means = CUTS.map((_, k) => f.mean(photos.map((photo) => f.jaccard(photo.counts[k]))));
    const start = photos.length > 1 ? 1 : 0;
    let now = photos[start], cut = 0.5, view = "kinds";

    const picture = p.surface({
      label: "The mask of the chosen photo at the chosen threshold, over the true outline",
      ratio: 0.75,
      draw(g, width, height, c) {
        const scale = Math.min(width / now.w, height / now.h), w = now.w * scale, h = now.h * scale;
        const x = (width - w) / 2, y = (height - h) / 2;
        if (view === "kinds") return p.drawKinds(g, c, f.binarise(now.map, cut), now.truth, now.h, now.w, x, y, w);
        const skin = p.rgb(c.paper), ink = p.rgb(c.blue);
        p.pixels(g, now.w, now.h, (i) => p.mix(skin, ink, now.map[i]), x, y, w, h);
        const edge = p.outline(now.truth, now.h, now.w), own = p.outline(f.binarise(now.map, cut), now.h, now.w);
        p.stroke(g, edge, x, y, scale, c.paper, 3.5), p.stroke(g, edge, x, y, scale, c.ink, 1.6);
        p.stroke(g, own, x, y, scale, c.paper, 3.5), p.stroke(g, own, x, y, scale, c.vermilion, 1.8, [5, 3]);
      },
    });
    picture.canvas.classList.add("is-bare");
    const chart = p.surface({
      label: "J, Dice, sensitivity and specificity of the photo over the threshold; drag to move it",
      ratio: 0.75,
      draw(g, width, height, c) {
        const s = p.axes(g, c, { width, height, top: 14, x: [0, 1], y: [0, 1], xTicks: [0, 0.25, 0.5, 0.75, 1], right: 12,
          yTicks: [0, 0.25, 0.5, 0.75, 1], xName: "threshold" });
        g.lineWidth = 3.5, g.strokeStyle = c.faint, g.beginPath();
        CUTS.forEach((v, k) => g.lineTo(s.px(v), s.py(means[k])));
        g.stroke();
        const k = Math.round(cut * 100);
        g.lineWidth = 1.5, g.strokeStyle = c.ink, g.beginPath();
        g.moveTo(s.px(cut), s.py(0)), g.lineTo(s.px(cut), s.py(1.03)), g.stroke();
        for (const [name, , hue, dash] of LINES) {
          g.strokeStyle = g.fillStyle = c[hue], g.lineWidth = name === "jaccard" ? 2.6 : 1.8, g.setLineDash(dash);
          g.beginPath();
          CUTS.forEach((v, i) => g.lineTo(s.px(v), s.py(f[name](now.counts[i]))));
          g.stroke(), g.setLineDash([]);
          g.beginPath(), g.arc(s.px(cut), s.py(f[name](now.counts[k])), 4, 0, 7), g.fill();
        }
      },
      pointer(x, y, event) {
        if (!event.buttons) return;
        const left = 34 / chart.node.clientWidth, right = 12 / chart.node.clientWidth;
        move(Math.min(0.99, Math.max(0.01, (x - left) / (1 - left - right))));
      },
    });
    chart.canvas.classList.add("pans");
    const key = p.box("legend", ...LINES.map(([, name, hue, dash]) => p.el("span", {}, line(hue, dash), name)),
      p.el("span", {}, line("faint", [], 3.5), "mean J of the twelve"));
    function line(hue, dash, width = 2.2) {
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("width", 24), svg.setAttribute("height", 8), svg.setAttribute("aria-hidden", "true");
      svg.innerHTML = `<path d="M0 4H24" style="stroke:var(--ex-${hue})" stroke-width="${width}" stroke-dasharray="${dash}"/>`;
      return svg;
    }

    const threshold = p.slider({ name: "threshold", min: 0.01, max: 0.99, step: 0.01, value: cut,
                                 show: (v) => p.number(v), change: move });
    const scores = p.tiles({ jaccard: { name: "J", share: true }, dice: { name: "Dice", share: true },
      sensitivity: { name: "sensitivity", share: true }, specificity: { name: "specificity", share: true },
      tp: { name: "found", mark: "tp" }, fp: { name: "added", mark: "fp" }, fn: { name: "missed", mark: "fn" },
      tn: { name: "skin", mark: "tn" } });
    const says = p.sentence();

    const thumbs = photos.map((photo, i) => {
      const small = p.el("canvas", { width: 64, height: 48, role: "img",
        "aria-label": `photo ${i + 1} of ${photos.length}, J ${p.number(f.jaccard(photo.counts[50]))} at .5` });
      const paint = () => {
        const g = small.getContext("2d"), c = (name) => p.colour(body, name);
        g.fillStyle = c("paper"), g.fillRect(0, 0, 64, 48);
        const scale = Math.min(64 / photo.w, 48 / photo.h), w = photo.w * scale, h = photo.h * scale;
        const skin = p.rgb(c("skin")), ink = p.rgb(c("blue"));
        p.pixels(g, photo.w, photo.h, (j) => p.mix(skin, ink, photo.map[j]), (64 - w) / 2, (48 - h) / 2, w, h);
      };
      paint();
      new MutationObserver(paint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
      return [i, small];
    });
    const menu = p.choice({ name: "photo, from a poor J to a good one", kind: "thumbs", options: thumbs, value: start,
                            change: (i) => ((now = photos[i]), show()) });
    const views = p.choice({ name: "show", value: view, change: (v) => ((view = v), picture.redraw()),
                             options: [["kinds", "mistakes"], ["map", "probabilities"]] });

    function move(value) {
      cut = Math.round(value * 100) / 100;
      threshold.set(cut);
      show();
    }
    function show() {
      const counts = now.counts[Math.round(cut * 100)];
      scores.set(Object.fromEntries(LINES.map(([name]) => [name, [p.number(f[name](counts)), f[name](counts)]])));
      scores.set(Object.fromEntries(Object.entries(counts).map(([kind, n]) => [kind, [n.toLocaleString("en")]])));
      const js = now.counts.map(f.jaccard), best = js.indexOf(Math.max(...js)), gain = 100 * (js[best] - js[Math.round(cut * 100)]);
      const near = gain < 0.05 ? "This is the best cut for J on this photo" :
        `This photo's best cut for J is ${p.number(CUTS[best])}, ${p.number(gain, 1)} points higher`;
      says.say(`${near}; over all twelve it is ${p.number(CUTS[means.indexOf(Math.max(...means))])}. ` +
        "Sensitivity can only fall as the threshold rises, specificity can only rise.");
      picture.redraw(), chart.redraw();
    }

    body.append(menu.node, threshold.node,
      p.box("columns", p.box("stack", picture.node, p.legend(), views.node), p.box("stack", chart.node, key)),
      scores.node, says.node,
      p.el("p", { class: "ex-note" }, `Probabilities of ${data.recipe}, seed ${data.seed}, on ${photos.length} validation photos ` +
        "at even ranks of J, rounded to 1/255 and enlarged to the size of the truth. The photos themselves are not shown."));
    show();
  });
})();
