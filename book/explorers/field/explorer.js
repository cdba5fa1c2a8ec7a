/* Which pixels a cell reads: through three layers with holes, and through the encoder. */
"use strict";
(() => {
  const { formulas: f, parts: p } = lesionseg;
  const SIZE = 21;

  /** Width of the square that a cell sees, and distance between cells, behind convolutions [kernel, rate, stride]. */
  f.field = (convolutions, start = { side: 1, distance: 1 }) =>
    convolutions.reduce(({ side, distance }, [kernel, rate, stride]) =>
      ({ side: side + (kernel - 1) * rate * distance, distance: distance * stride }), start);

  /** Ways along one axis from each of `size` pixels to cell `at` through 3 x 3 layers of these rates, zeros around. */
  f.paths = (rates, size, at) => [...rates].reverse().reduce((ways, rate) =>
    ways.map((_, i) => (ways[i] ?? 0) + (ways[i - rate] ?? 0) + (ways[i + rate] ?? 0)),
    Array.from({ length: size }, (_, i) => (i === at ? 1 : 0)));

  /** Share of nine weights, averaged over a size x size map, that read the map and not its padding. */
  f.onMap = (size, rate) => ((size + 2 * Math.max(0, size - rate)) / (3 * size)) ** 2;

  lesionseg.explorer("field", async (body) => {
    const data = lesionseg.data.field, photo = new Image();
    photo.src = data.photo;
    await photo.decode();
    let rates = [2, 2, 2], cell = [10, 10], level = 2, spot = [5, 6];
    const levels = [];
    for (const convolutions of data.levels) levels.push(f.field(convolutions, levels[levels.length - 1]));

    // ---- Three layers with holes ----
    const grid = p.surface({
      label: "The pixels that one cell reads through three layers. Arrow keys move the cell",
      ratio: 1,
      draw(g, width, height, c) {
        const size = width / SIZE, [rows, columns] = cell.map((at) => f.paths(rates, SIZE, at));
        const half = rates.reduce((a, b) => a + b), most = Math.max(...rows) * Math.max(...columns), ink = p.rgb(c.blue), paper = p.rgb(c.shade);
        for (let y = 0; y < SIZE; y++)
          for (let x = 0; x < SIZE; x++) {
            const ways = rows[y] * columns[x], seen = Math.abs(y - cell[0]) <= half && Math.abs(x - cell[1]) <= half;
            const share = Math.log1p(ways) / Math.log1p(most);
            g.fillStyle = ways ? `rgb(${p.mix(paper, ink, 0.25 + 0.75 * share).slice(0, 3).map(Math.round).join()})` : seen ? c.paper : c.grid;
            g.fillRect(x * size + 0.5, y * size + 0.5, size - 1, size - 1);
            if (seen && !ways) {
              g.strokeStyle = c.miss, g.lineWidth = 1, g.beginPath();
              g.moveTo((x + 0.36) * size, (y + 0.36) * size), g.lineTo((x + 0.64) * size, (y + 0.64) * size), g.stroke();
            }
          }
        g.strokeStyle = c.ink, g.lineWidth = 1.5, g.setLineDash([5, 3]);
        g.strokeRect((cell[1] - half) * size, (cell[0] - half) * size, (2 * half + 1) * size, (2 * half + 1) * size);
        g.setLineDash([]), g.strokeStyle = c.vermilion, g.lineWidth = 2.5;
        g.strokeRect(cell[1] * size, cell[0] * size, size, size);
      },
      pointer: (x, y) => choose([Math.floor(y * SIZE), Math.floor(x * SIZE)]),
      keys: (key) => p.ARROWS[key] && (choose([cell[0] + p.ARROWS[key][1], cell[1] + p.ARROWS[key][0]]), true),
    });
    grid.canvas.classList.add("pans");
    const tree = p.surface({
      label: "One row of the same layers from the side: lines lead from the cell above down to the pixels that it reads",
      ratio: (width) => (width < 480 ? 0.5 : 0.42),
      draw(g, width, height, c) {
        const x = (i) => ((i + 0.5) / SIZE) * width, y = (layer) => height - 14 - (layer * (height - 40)) / 3;
        let reached = [new Set([cell[1]])]; // from the top down
        for (const rate of [...rates].reverse()) {
          const below = new Set();
          for (const i of reached[reached.length - 1]) for (const j of [i - rate, i, i + rate]) below.add(j);
          reached.push(below);
        }
        reached.forEach((cells, k) => {
          if (k === 3) return;
          g.strokeStyle = c.blue, g.globalAlpha = 0.55, g.lineWidth = 1.1;
          for (const i of cells) for (const j of [i - rates[2 - k], i, i + rates[2 - k]])
            g.beginPath(), g.moveTo(x(i), y(3 - k)), g.lineTo(x(j), y(2 - k)), g.stroke();
          g.globalAlpha = 1;
        });
        const radius = Math.min(5.5, width / SIZE / 3);
        for (let layer = 0; layer <= 3; layer++)
          for (let i = 0; i < SIZE; i++) {
            const on = reached[3 - layer].has(i);
            g.beginPath(), g.arc(x(i), y(layer), on ? radius : radius * 0.6, 0, 7);
            g.fillStyle = on ? (layer === 3 ? c.vermilion : c.blue) : c.faint, g.fill();
          }
        g.font = `11px ${getComputedStyle(body).fontFamily}`, g.fillStyle = c.soft, g.textAlign = "left", g.textBaseline = "top";
        g.fillText("the cell, its three layers and the pixels, from the side", 6, 3);
      },
    });
    const rateSliders = rates.map((rate, k) => p.slider({ name: `rate ${k + 1}`, min: 1, max: 3, step: 1, value: rate,
      change: (v) => ((rates[k] = v), show()) }));
    const presets = [[1, 1, 1], [2, 2, 2], [1, 2, 3], [1, 3, 3]].map((set) => p.button(set.join(", "), () => {
      rates = [...set], rateSliders.forEach((one, k) => one.set(set[k])), show();
    }));
    const counts = p.tiles({ field: { name: "field" }, read: { name: "pixels read" }, holes: { name: "never read" }, shares: { name: "largest rate on 8 \u00d7 8" } }, "two");
    const says = p.sentence();
    function choose(at) {
      cell = at.map((v) => Math.max(0, Math.min(SIZE - 1, v)));
      show();
    }
    function show() {
      const side = 1 + 2 * rates.reduce((a, b) => a + b), middle = f.paths(rates, 2 * side + 1, side).filter((v) => v).length;
      const read = middle ** 2, holes = side ** 2 - read, worst = Math.max(...rates);
      counts.set({ field: [`${side} \u00d7 ${side}`], read: [`${read} of ${side ** 2}`], holes: [String(holes)], shares: [`${Math.round(100 * f.onMap(8, worst))} %`] });
      says.say(holes === 0 ? `Rates ${rates.join(", ")} leave no hole: every pixel of the field is read. Paths pile up in the middle, so the rim counts little.` :
        `Rates ${rates.join(", ")}: ${holes} pixels of the field are never read. Move one cell aside: the neighbour depends on others altogether.`);
      grid.redraw(), tree.redraw();
    }

    // ---- The encoder ----
    const scene = p.surface({
      label: "A drawn lesion with the cells of one map, and the square that the chosen cell sees. Arrow keys move the cell",
      ratio: 1,
      draw(g, width, height, c) {
        const { side, distance } = levels[level], n = data.side / distance, view = box(side), scale = width / view;
        const at = (v) => (v - data.side / 2 + view / 2) * scale;
        g.fillStyle = c.card, g.fillRect(0, 0, width, height);
        g.imageSmoothingEnabled = scale < 2;
        g.drawImage(photo, at(0), at(0), data.side * scale, data.side * scale);
        g.strokeStyle = c.paper, g.globalAlpha = 0.45, g.lineWidth = 0.7, g.beginPath();
        if (distance * scale > 5) for (let k = 0; k <= n; k++) {
          g.moveTo(at(k * distance), at(0)), g.lineTo(at(k * distance), at(data.side));
          g.moveTo(at(0), at(k * distance)), g.lineTo(at(data.side), at(k * distance));
        }
        g.stroke(), g.globalAlpha = 1;
        const [y, x] = spot.map((k) => (k + 0.5) * distance), left = at(x - side / 2), top = at(y - side / 2);
        g.fillStyle = c.blue, g.globalAlpha = 0.14, g.fillRect(left, top, side * scale, side * scale), g.globalAlpha = 1;
        for (const [style, wide] of [[c.paper, 4.5], [c.blue, 2.2]]) g.strokeStyle = style, g.lineWidth = wide, g.strokeRect(left, top, side * scale, side * scale);
        for (const [style, wide] of [[c.paper, 4], [c.vermilion, 2.2]]) {
          g.strokeStyle = style, g.lineWidth = wide;
          g.strokeRect(at(x - distance / 2), at(y - distance / 2), distance * scale, distance * scale);
        }
      },
      pointer(x, y) {
        const { side, distance } = levels[level], view = box(side);
        pick([y, x].map((v) => Math.floor((v * view - view / 2 + data.side / 2) / distance)));
      },
      keys: (key) => p.ARROWS[key] && (pick([spot[0] + p.ARROWS[key][1], spot[1] + p.ARROWS[key][0]]), true),
    });
    scene.canvas.classList.add("pans");
    const box = (side) => Math.max(1.15 * data.side, Math.min(side, 520) + 1.05 * data.side);
    function pick(at) {
      const n = data.side / levels[level].distance;
      spot = at.map((v) => Math.max(0, Math.min(n - 1, v)));
      look();
    }
    const stages = p.choice({ name: "map at stride", value: level, options: levels.map(({ distance }, k) => [k, String(distance)]),
      change(k) {
        const ratio = levels[level].distance / levels[k].distance;
        level = k, pick(spot.map((v) => Math.floor((v + 0.5) * ratio)));
      } });
    const facts = p.tiles({ cells: { name: "cells" }, side: { name: "sees a square of" }, photo: { name: "of the square on the photo" }, whole: { name: "of the photo in sight" } }, "two");
    const tells = p.sentence();
    function look() {
      const { side, distance } = levels[level], n = data.side / distance;
      const [h, w] = spot.map((k) => {
        const middle = (k + 0.5) * distance;
        return Math.max(0, Math.min(data.side, middle + side / 2) - Math.max(0, middle - side / 2));
      });
      const percent = (v) => `${Math.round(100 * v)} %`;
      facts.set({ cells: [`${n} \u00d7 ${n}`], side: [`${side} px`], photo: [percent((h * w) / side ** 2)], whole: [percent((h * w) / data.side ** 2)] });
      tells.say(h * w >= 0.999 * data.side ** 2 ? "This cell sees the whole photo, and padding around it. A wider view can bring no pixel that was out of sight." :
        `Cells are ${distance} pixels apart, and each sees ${side} pixels across: neighbours see nearly the same.`);
      scene.redraw();
    }

    body.append(
      p.el("p", { class: "ex-heading" }, "Three 3 \u00d7 3 layers, one after the other"),
      p.box("columns", p.box("stack", grid.node), p.box("stack", p.box("row", ...presets), p.box("stack sliders", ...rateSliders.map((one) => one.node)), tree.node, counts.node)),
      says.node,
      p.el("p", { class: "ex-heading" }, "The encoder of this course"),
      p.box("columns", p.box("stack", scene.node), p.box("stack", stages.node, facts.node, tells.node,
        p.el("p", { class: "ex-note" }, "Blue: the square that the red cell can see, by the arithmetic of the encoder's own convolutions. The lesion is drawn by the library."))));
    show(), look();
  });
})();
