/* A trained U-Net under all sixteen choices of its skips, recorded: bit k of a choice is the skip of level k. */
"use strict";
(() => {
  const { formulas: f, parts: p } = lesionseg;
  const ALL = 15;

  lesionseg.explorer("skips", async (body) => {
    const data = lesionseg.data.skips, side = data.side, n = side * side;
    const photos = await Promise.all(data.photos.map(async (photo) => ({
      scores: photo.scores, truth: p.bits(await p.unpack(photo.truth), n),
      maps: await Promise.all(photo.maps.map(async (map) => Float64Array.from(await p.unpack(map), (v) => v / 15))),
    })));
    let now = photos[Math.min(1, photos.length - 1)], on = ALL, view = "kinds";

    const rows = 5, gap = 0.2;
    /** Where level k stands, in shares of width and height: the finer, the higher and the larger. */
    const place = (k, width, height) => {
      const tall = (height - 30) / rows, y = 22 + k * tall;
      return { y, h: tall * (1 - gap), w: width * (0.32 - 0.03 * k) };
    };
    const net = p.surface({
      label: "The U-Net: the encoder's five levels on the left, the decoder on the right, four skips between them; press a skip to switch it",
      ratio: (width) => (width < 420 ? 0.86 : 0.92),
      draw(g, width, height, c) {
        g.textAlign = "center", g.textBaseline = "middle";
        g.fillStyle = c.soft, g.fillText("encoder", width * 0.19, 10), g.fillText("decoder", width * 0.81, 10);
        for (let k = 0; k < rows; k++) {
          const { y, h, w } = place(k, width, height), deep = k === rows - 1, left = width * 0.19, right = width * 0.81;
          const box = (x, style) => {
            g.fillStyle = style, g.beginPath(), g.roundRect(x - w / 2, y, w, h, 5), g.fill();
          };
          const size = side / data.strides[k], shape = `${data.channels[k]} \u00d7 ${size} \u00d7 ${size}`;
          const open = deep || on >> k & 1;
          if (!deep) {
            const a = left + w / 2 + 4, b = right - w / 2 - 10;
            g.strokeStyle = g.fillStyle = open ? c.blue : c.faint, g.lineWidth = open ? 4 : 2, g.setLineDash(open ? [] : [5, 5]);
            g.beginPath(), g.moveTo(a, y + h / 2), g.lineTo(b, y + h / 2), g.stroke(), g.setLineDash([]);
            g.beginPath(), g.moveTo(b + 9, y + h / 2), g.lineTo(b - 1, y + h / 2 - 6), g.lineTo(b - 1, y + h / 2 + 6), g.fill();
            g.fillStyle = c.paper, g.fillRect((a + b) / 2 - 32, y + h / 2 - 9, 64, 18);
            g.fillStyle = open ? c.ink : c.soft, g.fillText(open ? `stride ${data.strides[k]}` : "off", (a + b) / 2, y + h / 2);
          }
          box(left, c.shade);
          if (deep) {
            g.strokeStyle = c.blue, g.lineWidth = 3, g.beginPath(), g.moveTo(left + w / 2 + 4, y + h / 2), g.lineTo(right - 6, y + h / 2);
            g.lineTo(right - 6, y - 4), g.stroke();
          } else box(right, c.grid);
          g.fillStyle = c.ink, g.font = `${w < 80 ? 10 : 12}px ${getComputedStyle(body).fontFamily}`;
          g.fillText(shape, left, y + h / 2);
          g.font = `12px ${getComputedStyle(body).fontFamily}`;
          if (k < rows - 1) { // down on the left, up on the right
            const next = y + h + ((height - 30) / rows) * gap;
            g.strokeStyle = c.soft, g.lineWidth = 1.5, g.beginPath();
            g.moveTo(left, y + h + 1), g.lineTo(left, next - 2), g.stroke();
            if (k < rows - 2) g.beginPath(), g.moveTo(right, next - 1), g.lineTo(right, y + h + 2), g.stroke();
          }
        }
      },
      pointer(x, y, event) {
        if (event.type !== "pointerdown") return;
        const height = net.canvas.clientHeight, k = Math.floor((y * height - 22) / ((height - 30) / rows));
        if (k >= 0 && k < rows - 1) set(on ^ (1 << k));
      },
    });
    net.canvas.classList.add("pans");
    const picture = p.surface({
      label: "The mask with the chosen skips, over the true outline", ratio: 1,
      draw(g, width, height, c) {
        const map = now.maps[on];
        if (view === "kinds") return p.drawKinds(g, c, f.binarise(map, 0.5), now.truth, side, side, 0, 0, width);
        const skin = p.rgb(c.paper), ink = p.rgb(c.blue), edge = p.outline(now.truth, side, side);
        p.pixels(g, side, side, (i) => p.mix(skin, ink, map[i]), 0, 0, width, height);
        p.stroke(g, edge, 0, 0, width / side, c.paper, 3.5), p.stroke(g, edge, 0, 0, width / side, c.ink, 1.6);
      },
    });
    const bars = p.surface({
      label: "Mean J under all sixteen choices, the chosen one marked; press a bar to choose it",
      ratio: (width) => (width < 480 ? 0.42 : 0.2),
      draw(g, width, height, c) {
        const top = 8, bottom = height - 34, step = (width - 30) / 16;
        data.means.forEach((mean, k) => {
          const x = 24 + k * step, h = (bottom - top) * mean;
          g.fillStyle = k === on ? c.blue : c.faint, g.fillRect(x + 2, bottom - h, step - 4, h);
          for (let level = 0; level < 4; level++) {
            g.beginPath(), g.arc(x + step / 2, bottom + 7 + level * 7, 2.4, 0, 7);
            g.fillStyle = k >> level & 1 ? (k === on ? c.blue : c.soft) : c.grid, g.fill();
          }
        });
        g.fillStyle = c.soft, g.textAlign = "right", g.textBaseline = "middle";
        g.fillText("1", 18, top), g.fillText("0", 18, bottom);
      },
      pointer(x, y, event) {
        const width = bars.canvas.clientWidth, k = Math.floor((x * width - 24) / ((width - 30) / 16));
        if (event.type === "pointerdown" && k >= 0 && k < 16) set(k);
      },
    });
    bars.canvas.classList.add("pans");

    const switches = data.strides.slice(0, 4).map((stride, k) => p.toggle(`skip at stride ${stride}`, true, () => set(on ^ (1 << k))));
    const which = p.choice({ name: "photo", value: photos.indexOf(now), options: photos.map((_, i) => [i, `${i + 1}`]), change: (i) => ((now = photos[i]), show()) });
    const views = p.choice({ name: "show", value: view, options: [["kinds", "mistakes"], ["map", "probabilities"]], change: (v) => ((view = v), picture.redraw()) });
    const facts = p.tiles({ own: { name: "J of this photo", share: true }, mean: { name: "mean J", share: true },
      lost: { name: "lost, this photo" }, all: { name: "lost, mean" } }, "pairs");
    const says = p.sentence();
    function set(value) {
      on = value;
      switches.forEach(({ input }, k) => (input.checked = Boolean(on >> k & 1)));
      show();
    }
    function show() {
      const own = now.scores[on], mean = data.means[on], points = (v) => `${p.number(100 * v, 1)} points`;
      facts.set({ own: [p.number(own), own], mean: [p.number(mean), mean], lost: [points(now.scores[ALL] - own)], all: [points(data.means[ALL] - mean)] });
      const single = [0, 1, 2, 3].map((k) => data.means[ALL] - data.means[ALL ^ (1 << k)]), worst = single.indexOf(Math.max(...single));
      says.say(on === ALL ? "All skips are on: this is the trained network." :
        on === 0 ? "Without all four the decoder has the deepest map alone, and was never trained for that. A control trained without skips does better (lesson 08)." :
        `Of the single skips that at stride ${data.strides[worst]} is missed most, ${points(single[worst])} of mean J.`);
      net.redraw(), picture.redraw(), bars.redraw();
    }
    body.append(p.box("row", ...switches.map((one) => one.node)),
      p.box("columns", p.box("stack", net.node), p.box("stack", picture.node, p.legend(), p.box("row", which.node, views.node))),
      facts.node, says.node,
      p.el("p", { class: "ex-note" }, `All sixteen choices, mean J of ${data.images} validation photos. Dots below a bar: skips at strides ${data.strides.slice(0, 4).join(", ")}, from above.`),
      bars.node,
      p.el("p", { class: "ex-note" }, `${data.recipe} on three validation photos, those at 20, 50 and 80 % of the row by J. A skip that is off carries its average over all photos. Shown at the network's ${side} \u00d7 ${side}; J by the official rule.`));
    show();
  });
})();
