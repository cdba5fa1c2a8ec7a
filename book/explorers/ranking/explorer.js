/* How small a difference between two recipes so many images and seeds can show. */
"use strict";
(() => {
  const { formulas: f, parts: p } = lesionseg;
  /** In units of J: z standard errors of a paired difference; `pair`, `seed`: standard deviations (lesson 12). */
  f.smallestDifference = (pair, seed, images, seeds, z = 1.96) => z * Math.sqrt(pair ** 2 / images + (2 * seed ** 2) / seeds);

  lesionseg.explorer("ranking", (body) => {
    const data = lesionseg.data.ranking, recipes = data.recipes, best = recipes[0][1];
    const last = recipes.findIndex(([, mean]) => mean < best - 0.06), shown = recipes.slice(0, last < 0 ? undefined : last + 1);
    let images = data.images, seeds = 1, z = 1.96;
    const now = (n = images, k = seeds) => f.smallestDifference(data.pair, data.seed, n, k, z);
    const low = Math.min(...shown.map(([, mean]) => mean)) - 0.006, high = best + 0.006;

    const list = p.surface({
      label: "Recipes by their mean J; those inside the band cannot be told apart from the best",
      ratio: (width) => (22 * shown.length + 42) / width,
      draw(g, width, height, c) {
        const size = width < 380 ? 10 : 12, family = getComputedStyle(body).fontFamily;
        g.font = `600 ${size}px ${family}`;
        const name = 12 + Math.max(...shown.map(([title]) => g.measureText(title).width)), x = (v) => name + ((v - low) / (high - low)) * (width - name - 12), edge = best - now();
        g.fillStyle = c.shade, g.fillRect(Math.max(name, x(edge)), 8, x(best) - Math.max(name, x(edge)), height - 34);
        g.strokeStyle = c.blue, g.lineWidth = 1.5, g.setLineDash([5, 3]), g.beginPath();
        if (edge > low) g.moveTo(x(edge), 8), g.lineTo(x(edge), height - 26);
        g.stroke(), g.setLineDash([]);
        shown.forEach(([title, mean], row) => {
          const y = 22 + 22 * row, tied = mean >= edge;
          g.strokeStyle = c.grid, g.lineWidth = 1, g.beginPath(), g.moveTo(name, y), g.lineTo(width - 12, y), g.stroke();
          g.fillStyle = tied ? c.ink : c.soft, g.textAlign = "right", g.textBaseline = "middle";
          g.font = `${tied ? 600 : 400} ${size}px ${family}`;
          g.fillText(title, name - 8, y);
          g.beginPath(), g.arc(x(mean), y, 5, 0, 7);
          if (tied) g.fillStyle = c.blue, g.fill();
          else g.fillStyle = c.paper, g.fill(), g.strokeStyle = c.vermilion, g.lineWidth = 2, g.stroke();
        });
        g.font = `12px ${getComputedStyle(body).fontFamily}`, g.fillStyle = c.soft, g.textAlign = "center", g.textBaseline = "bottom";
        for (let v = Math.ceil(low * 50) / 50; v <= high; v += 0.02) g.fillText(p.number(v), x(v), height - 8);
      },
    });
    const curve = p.surface({
      label: "The smallest difference over the number of images, for 1, 3 and 10 seeds, and for the chosen number",
      ratio: (width) => (width < 420 ? 0.8 : 0.62),
      draw(g, width, height, c) {
        const top = 100 * f.smallestDifference(data.pair, data.seed, 45, 1, z) * 1.05, x = (n) => Math.log10(n);
        const s = p.axes(g, c, { width, height, left: 32, top: 18, right: 60, x: [x(45), x(10000)], y: [0, top], xTicks: [], yTicks: [0, 1, 2, 3, 4, 5, 6, 7].filter((v) => v <= top), xName: "images" });
        g.textAlign = "left", g.textBaseline = "top", g.fillStyle = c.soft, g.fillText("points of J", 4, 1);
        g.textAlign = "center";
        for (const n of [100, 379, 1000, 10000]) g.fillText(n.toLocaleString("en"), s.px(x(n)), height - 27);
        const draw = (k, style, wide) => {
          g.strokeStyle = style, g.lineWidth = wide, g.beginPath();
          for (let e = x(45); e <= 4.001; e += 0.02) g.lineTo(s.px(e), s.py(100 * now(10 ** e, k)));
          g.stroke();
        };
        for (const k of [1, 3, 10]) {
          draw(k, c.faint, 1.5);
          g.fillStyle = c.soft, g.textAlign = "left", g.textBaseline = "middle";
          g.fillText(`${k} seed${k > 1 ? "s" : ""}`, s.px(4) + 4, s.py(100 * now(10000, k)));
        }
        draw(seeds, c.blue, 2.5);
        g.beginPath(), g.arc(s.px(x(images)), s.py(100 * now()), 6, 0, 7), g.fillStyle = c.blue, g.fill();
        g.strokeStyle = c.paper, g.lineWidth = 2, g.stroke();
      },
    });
    const sizes = [...new Set([45, 60, 80, 100, 150, 200, 300, data.images, 500, 700, 1000, 1500, 2000, 3000, 10 * data.images, 5000, 7000, 10000])].sort((a, b) => a - b);
    const n = p.slider({ name: "images", min: 0, max: sizes.length - 1, step: 1, value: sizes.indexOf(images),
      show: (v) => sizes[v].toLocaleString("en"), change: (v) => ((images = sizes[v]), show()) });
    const k = p.slider({ name: "seeds each", min: 1, max: 10, step: 1, value: seeds, change: (v) => ((seeds = v), show()) });
    const power = p.toggle("and be seen in four trials out of five (2.8 standard errors instead of 1.96)", false, (yes) => ((z = yes ? 2.8 : 1.96), show()));
    const facts = p.tiles({ least: { name: "smallest difference, points" }, tied: { name: "not told from the best" },
      images: { name: "of the variance: images", share: true }, seeds: { name: "of the variance: seeds", share: true } }, "pairs");
    const says = p.sentence();
    const set = (images_, seeds_) => ((images = images_), (seeds = seeds_), n.set(sizes.indexOf(images)), k.set(seeds), show());

    function show() {
      const d = now(), tied = recipes.filter(([, mean]) => mean >= best - d).length;
      const a = data.pair ** 2 / images, b = (2 * data.seed ** 2) / seeds, share = b / (a + b), percent = (v) => `${Math.round(100 * v)} %`;
      facts.set({ least: [p.number(100 * d)], tied: [`${tied} of ${recipes.length}`], images: [percent(1 - share), 1 - share], seeds: [percent(share), share] });
      says.say(share > 0.5 ? "Seeds make up most of the variance: further images hardly help, further seeds do." :
        "Images make up most of the variance: a larger test set helps more than further seeds.");
      list.redraw(), curve.redraw();
    }

    body.append(p.box("row", p.button("as most tables: 1 seed", () => set(data.images, 1)), p.button("ten times the images", () => set(10 * data.images, 1)),
      p.button("ten seeds", () => set(data.images, 10))),
      p.box("stack sliders", n.node, k.node), power.node, facts.node,
      p.box("columns wide-left", p.box("stack", list.node, p.box("legend",
        p.el("span", {}, p.el("b", { class: "ex-mark", style: "background:var(--ex-blue);border-radius:50%" }), "cannot be told apart from the best"),
        p.el("span", {}, p.el("b", { class: "ex-mark", style: "border:2px solid var(--ex-vermilion);border-radius:50%" }), "can"))), p.box("stack", curve.node, says.node)),
      p.el("p", { class: "ex-note" }, `The formula of lesson 12: images scatter by ${p.number(100 * data.pair, 1)} points (median of its paired steps), seeds by ${p.number(100 * data.seed)}. ` +
        `Recipes more than six points behind are left out but for one. One look at one pair: who is compared with the best of ${recipes.length} needs more, and lesson 12 corrects for it.`));
    show();
  });
})();
