/* Draw n photos of a recorded table, take the mean and its bootstrap interval, again and again. */
"use strict";
(() => {
  const { formulas: f, parts: p } = lesionseg;
  const DRAWS = 500, SHOWN = 60, REACH = 0.14; // the lower axis shows this much on both sides of the mean

  /** Percentile interval of the mean, as evaluation.bootstrap.bootstrap_interval; `pick(n)` draws an index below n. */
  f.bootstrapInterval = (values, pick, draws = DRAWS, level = 0.95) => {
    const means = Float64Array.from({ length: draws }, () => {
      let sum = 0;
      for (let i = 0; i < values.length; i++) sum += values[pick(values.length)];
      return sum / values.length;
    });
    return [f.quantile(means, (1 - level) / 2), f.quantile(means, (1 + level) / 2)];
  };

  lesionseg.explorer("how-sure", (body) => {
    const { recipes } = lesionseg.data["how-sure"], names = Object.keys(recipes);
    const chance = p.random(4), pick = (n) => Math.floor(chance() * n);
    let name = names[0], n = 45, rows = [], tally, fresh, queue = 0, stop = null;

    const values = () => recipes[name];
    const goal = () => f.mean(values());

    const stage = p.surface({
      label: "Above, the J of every photo and the photos drawn last; below, one interval for each draw",
      ratio: (width) => (width < 480 ? 1.2 : 0.66),
      draw(g, width, height, c) {
        const x = (v) => 12 + v * (width - 24), top = 122, bottom = height - 20, all = values(), m = goal();
        // Photos as dots, stacked in bins of two hundredths.
        const bins = new Map(), drawn = new Map();
        fresh.forEach((i) => drawn.set(i, (drawn.get(i) ?? 0) + 1));
        const most = Math.max(...[...count(all)].map(([, k]) => k)), step = Math.min(5, 78 / most);
        const later = [];
        all.forEach((v, i) => {
          const bin = Math.min(49, Math.floor(v * 50)), k = bins.get(bin) ?? 0;
          bins.set(bin, k + 1);
          const at = [x((bin + 0.5) / 50), 88 - k * step];
          if (drawn.has(i)) later.push(at);
          else dot(...at, c.faint);
        });
        for (const at of later) dot(...at, c.accent);
        function dot(px, py, style) {
          g.fillStyle = style, g.beginPath(), g.arc(px, py, Math.min(2.4, width / 150), 0, 7), g.fill();
        }
        g.fillStyle = c.soft, g.textAlign = "left", g.textBaseline = "top";
        g.fillText(`${all.length} photos by J; blue: ${fresh.length} drawn last`, 12, 2);
        // A lens from the axis of photos to that of means, which is wider.
        const z = (v) => 12 + ((Math.max(m - REACH, Math.min(m + REACH, v)) - m + REACH) / (2 * REACH)) * (width - 24);
        g.fillStyle = c.shade, g.beginPath();
        for (const at of [[x(m - REACH), 94], [x(Math.min(1, m + REACH)), 94], [z(Math.min(1, m + REACH)), top], [z(m - REACH), top]]) g.lineTo(...at);
        g.fill();
        g.strokeStyle = c.grid, g.fillStyle = c.soft, g.textAlign = "center", g.lineWidth = 1;
        g.textBaseline = "top";
        for (let k = 0; k <= 10; k += 2) if (k / 10 < m - REACH - 0.04 || k === 10) g.fillText(p.tick(k / 10), x(k / 10) - (k === 10 ? 2 : 0), 95);
        g.textBaseline = "bottom";
        for (let k = Math.ceil(20 * (m - REACH)); k <= 20 * Math.min(1, m + REACH); k++) {
          g.beginPath(), g.moveTo(z(k / 20), top), g.lineTo(z(k / 20), bottom), g.stroke();
          g.fillText(p.tick(k / 20), z(k / 20), height - 3);
        }
        // One row a draw, the newest on top.
        const row = Math.max(3, Math.min(9, (bottom - top - 8) / Math.max(24, rows.length)));
        rows.forEach((r, k) => {
          const y = top + 8 + k * row, miss = r.low > m || r.high < m;
          g.strokeStyle = g.fillStyle = miss ? c.miss : c.blue;
          g.lineWidth = miss ? Math.min(3.4, row) : Math.min(2, row * 0.7);
          g.beginPath(), g.moveTo(z(r.low), y), g.lineTo(z(r.high), y), g.stroke();
          g.beginPath(), g.arc(z(r.mean), y, Math.min(3, row / 2.2), 0, 7), g.fill();
          if (miss) g.font = "bold 12px sans-serif", g.textBaseline = "middle", g.textAlign = "left", g.fillText("\u00d7", z(r.high) + 4, y);
        });
        g.strokeStyle = c.ink, g.lineWidth = 1.5, g.setLineDash([5, 3]);
        g.beginPath(), g.moveTo(x(m), 90), g.lineTo(z(m), top), g.lineTo(z(m), bottom), g.stroke(), g.setLineDash([]);
      },
    });
    const count = (all) => all.reduce((bins, v) => {
      const bin = Math.min(49, Math.floor(v * 50));
      return bins.set(bin, (bins.get(bin) ?? 0) + 1);
    }, new Map());

    const recipe = p.choice({ name: "network", value: name, options: names.map((one) => [one, one]),
                              change: (v) => ((name = v), clear()) });
    const photos = p.slider({ name: "photos in a draw", min: 5, max: 379, step: 1, value: n,
                              change: (v) => ((n = v), clear()) });
    const results = p.tiles({ draws: { name: "draws" }, missed: { name: "miss the mean of all" },
                              width: { name: "half the width, points" }, spread: { name: "means, from \u2013 to" } }, "pairs");
    const says = p.sentence();

    function draw() {
      fresh = Array.from({ length: n }, () => pick(values().length));
      const sample = Float64Array.from(fresh, (i) => values()[i]);
      const [low, high] = f.bootstrapInterval(sample, pick), mean = f.mean(sample), m = goal();
      rows.unshift({ low, high, mean });
      rows.length = Math.min(rows.length, SHOWN);
      tally.draws++, (tally.width += high - low), (tally.missed += low > m || high < m ? 1 : 0);
      tally.least = Math.min(tally.least, mean), tally.most = Math.max(tally.most, mean);
    }
    function clear() {
      rows = [], fresh = [], tally = { draws: 0, missed: 0, width: 0, least: 1, most: 0 }, queue = 0;
      draw(), show();
    }
    function many(k) {
      queue = p.reduced.matches ? 0 : k;
      if (!queue) for (let i = 0; i < k; i++) draw();
      else if (!stop) stop = p.animate(() => {
        if (queue > 0) draw(), queue--, show();
        return queue > 0 || ((stop = null), false);
      });
      show();
    }
    function show() {
      const { draws, missed, width, least, most } = tally, half = (50 * width) / draws;
      results.set({ draws: [draws.toLocaleString("en")], missed: [`${missed} (${Math.round((100 * missed) / draws)} %)`],
                    width: [`\u00b1 ${half.toFixed(1)}`], spread: [`${p.number(least)}\u2013${p.number(most)}`] });
      const all = `The mean of all ${values().length} photos is ${p.number(goal(), 3)}. `;
      if (draws < 20) says.say(all + "Each draw is a student with other photos; nobody knows whether theirs is one of the intervals that miss it.");
      else says.say(all + `Of ${draws} intervals ${missed} miss it; about one in twenty should, a few more when photos are few. ` +
        `Two students with ${n} photos each can differ by ${((most - least) * 100).toFixed(0)} points on the same network.`);
      stage.redraw();
    }

    body.append(recipe.node, photos.node,
      p.box("row", p.button("draw one", () => many(1)), p.button("draw 50", () => many(50)), p.button("start anew", clear)),
      stage.node, results.node, says.node,
      p.el("p", { class: "ex-note" }, `Photos are drawn with replacement from the recorded table of one run; the interval is the middle ` +
        `95 % of ${DRAWS} bootstrap means (the library takes 2000). \u00d7 marks an interval that misses.`));
    clear();
    many(19);
  });
})();
