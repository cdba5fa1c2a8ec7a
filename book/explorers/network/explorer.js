/* The package's network, run in the page by onnxruntime-web: on pictures of the page, or on a photo of one's own, which
   is not sent anywhere. Runtime, network and pictures are fetched when the reader asks for them. */
"use strict";
(() => {
  const { formulas: f, parts: p } = lesionseg;
  const BASE = document.currentScript.src.replace(/[^/]*$/, "");
  const MOST_PIXELS = 60e6, SHOWN_SIDE = 512;
  const MEAN = [0.485, 0.456, 0.406], DEVIATION = [0.229, 0.224, 0.225]; // lesionseg_lib.models.encoder

  /** Source pixels of each target pixel of a line and their weights: areas when shrinking, else two neighbours. */
  function weights(from, to) {
    const step = from / to;
    return Array.from({ length: to }, (_, i) => {
      if (from <= to) {
        const at = Math.min(Math.max((i + 0.5) * step - 0.5, 0), from - 1), low = Math.floor(at);
        return [[low, 1 - at + low], [Math.min(low + 1, from - 1), at - low]];
      }
      const low = i * step, high = Math.min((i + 1) * step, from), found = [];
      for (let j = Math.floor(low); j < high; j++) found.push([j, Math.fround((Math.min(j + 1, high) - Math.max(j, low)) / (high - low))]);
      return found;
    });
  }
  /** To the nearest whole number, halves to the even one, as OpenCV does. */
  const even = (x) => (x - Math.floor(x) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
  /** lesionseg_lib.data.images.resize_image, within a grey level: RGBA bytes (h, w) -> RGB bytes (height, width).
      Sums of 32 bits in OpenCV's order, because a sum that ends on a half is rounded by its last bit. */
  f.resizeImage = (rgba, h, w, height, width) => {
    const rows = weights(h, height), columns = weights(w, width), out = new Uint8Array(height * width * 3);
    const line = new Float32Array(3 * width), sum = new Float32Array(3 * width);
    rows.forEach((above, i) => {
      sum.fill(0);
      for (const [r, a] of above) {
        line.fill(0);
        columns.forEach((beside, j) => {
          for (const [c, b] of beside)
            for (let k = 0; k < 3; k++) line[3 * j + k] += Math.fround(b * rgba[4 * (r * w + c) + k]);
        });
        line.forEach((v, j) => (sum[j] += Math.fround(a * v)));
      }
      sum.forEach((v, j) => (out[3 * width * i + j] = even(v)));
    });
    return out;
  };
  /** Bytes that the network's normalisation turns into x / 255: what a network sees whose normalisation was forgotten. */
  f.unnormalised = (rgb) => rgb.map((x, i) => Math.round(255 * MEAN[i % 3] + DEVIATION[i % 3] * x));
  f.swapped = (rgb) => rgb.map((_, i) => rgb[i - (i % 3) + 2 - (i % 3)]);

  const script = (name) => new Promise((resolve, reject) => {
    const tag = p.el("script", { src: BASE + name });
    tag.onload = resolve;
    tag.onerror = () => reject(new Error(`${name} could not be fetched`));
    document.head.append(tag);
  });

  /** The network, ready: `(rgb) -> {map, time}`, probabilities and milliseconds. */
  async function start() {
    await Promise.all(["runtime.js", "model.js", "pictures.js"].map(script));
    const { glue, wasm } = lesionseg.data["network/runtime"], { model } = lesionseg.data["network/model"];
    const { side } = lesionseg.data.network;
    const { env, InferenceSession, Tensor } = window.ort;
    env.wasm.numThreads = 1; // more would need headers that a page from disk cannot have
    env.wasm.wasmPaths = { mjs: URL.createObjectURL(new Blob([glue], { type: "text/javascript" })) };
    env.wasm.wasmBinary = (await p.unpack(wasm, "gzip")).buffer;
    const session = await InferenceSession.create(await p.unpack(model), { executionProviders: ["wasm"] });
    return async (rgb) => {
      const begun = performance.now();
      const result = await session.run({ [session.inputNames[0]]: new Tensor("uint8", rgb, [1, side, side, 3]) });
      return { map: Float64Array.from(result[session.outputNames[0]].data), time: performance.now() - begun };
    };
  }

  /** A picture's pixels as the file has them, and at the network's size; reduced to SHOWN_SIDE for the page. */
  async function decode(blob, side) {
    const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
    const { width: w, height: h } = bitmap;
    if (w * h > MOST_PIXELS) throw new Error(`it has ${w} x ${h} pixels; reduce it to ${MOST_PIXELS / 1e6} million or fewer`);
    const canvas = p.el("canvas", { width: w, height: h }), g = canvas.getContext("2d", { willReadFrequently: true });
    g.drawImage(bitmap, 0, 0);
    bitmap.close();
    const rgba = g.getImageData(0, 0, w, h).data, scale = Math.min(1, SHOWN_SIDE / Math.max(w, h));
    const shown = p.el("canvas", { width: Math.round(w * scale), height: Math.round(h * scale) });
    shown.getContext("2d").drawImage(canvas, 0, 0, shown.width, shown.height);
    return { rgb: f.resizeImage(rgba, h, w, side, side), picture: shown, h: shown.height, w: shown.width };
  }
  const blobOf = async (uri) => {
    const [head, text] = uri.split(",");
    return new Blob([p.bytesOf(text)], { type: head.slice(5, head.indexOf(";")) });
  };

  lesionseg.explorer("network", async (body) => {
    const { side, note, map, ...first } = lesionseg.data.network;
    const open = async (picture) => {
      const decoded = await decode(await blobOf(picture.photo), side);
      return { ...picture, ...decoded, truth: p.bits(await p.unpack(picture.truth), decoded.h * decoded.w) };
    };
    let run = null, pictures = [], now = await open(first), view = "photo", cut = 0.5, swap = false, raw = false;
    now.map = Float64Array.from(await p.unpack(map), (v) => v / 255);

    const surface = p.surface({
      label: "The picture with the outline that the network draws, and the true one where it is known",
      ratio: () => Math.min(1, now.h / now.w),
      draw(g, width, height, c) {
        const scale = Math.min(width / now.w, height / now.h), w = now.w * scale, h = now.h * scale, x = (width - w) / 2;
        if (view === "photo") g.drawImage(now.picture, x, 0, w, h);
        else {
          const low = p.rgb(c.paper), high = p.rgb(c.blue);
          p.pixels(g, side, side, (i) => p.mix(low, high, now.map[i]), x, 0, w, h);
        }
        if (now.truth) p.stroke(g, p.outline(now.truth, now.h, now.w), x, 0, scale, "#fff", 4.5),
          p.stroke(g, p.outline(now.truth, now.h, now.w), x, 0, scale, "#1b1f24", 1.8);
        p.stroke(g, p.outline(now.mask, now.h, now.w), x, 0, scale, "#fff", 4.5);
        p.stroke(g, p.outline(now.mask, now.h, now.w), x, 0, scale, "#0072b2", 2.2, [6, 3]);
      },
    });
    const values = p.tiles({ jaccard: { name: "J", share: true }, share: { name: "of the picture", share: true },
      time: { name: "to compute" }, size: { name: "the network's input" } }, "two");
    const says = p.sentence();
    const views = p.choice({ name: "show", value: view, options: [["photo", "picture"], ["map", "probabilities"]],
                             change: (v) => ((view = v), surface.redraw()) });
    const threshold = p.slider({ name: "threshold", min: 0.01, max: 0.99, step: 0.01, value: cut,
                                 show: (v) => p.number(v), change: (v) => ((cut = v), show()) });
    const faults = [p.toggle("red and blue swapped", swap, (on) => ((swap = on), compute())),
                    p.toggle("normalisation forgotten", raw, (on) => ((raw = on), compute()))];
    const key = p.box("legend", p.el("span", {}, p.el("b", { class: "ex-mark line" }), "true outline"),
      p.el("span", {}, p.el("b", { class: "ex-mark dashed" }), "the network's, dashed blue"));
    const menu = p.box("stack"), controls = p.box("stack", threshold.node, p.box("row", ...faults.map((one) => one.node)));
    const beside = p.box("stack", values.node);
    const begin = p.button("Start the network", load);
    const lead = p.box("row", begin, p.el("span", { class: "ex-note" },
      "Some megabytes are fetched, once. It then runs in this page: no picture leaves it."));

    async function load() {
      begin.disabled = true, begin.textContent = "Starting \u2026";
      try {
        run = await start();
        pictures = await Promise.all(lesionseg.data["network/pictures"].pictures.map(open));
        now = pictures[0];
        menu.append(gallery(), own());
        lead.replaceWith(menu);
        beside.append(controls);
        await compute();
        menu.querySelector("input").focus({ preventScroll: true });
      } catch (error) {
        begin.disabled = false, begin.textContent = "Try again";
        says.say(`The network could not be started here: ${error.message}. A newer browser may, and a notebook can.`);
      }
    }

    function gallery() {
      const thumbs = pictures.map((one, i) => {
        const small = p.el("canvas", { width: 64, height: 48, role: "img", "aria-label": `${one.name}, ${i + 1} of ${pictures.length}` });
        const scale = Math.max(64 / one.w, 48 / one.h), g = small.getContext("2d");
        g.drawImage(one.picture, (64 - one.w * scale) / 2, (48 - one.h * scale) / 2, one.w * scale, one.h * scale);
        return [i, small];
      });
      return p.choice({ name: "picture", kind: "thumbs", options: thumbs, value: 0,
                        change: (i) => ((now = pictures[i]), compute()) }).node;
    }

    /** A photo of one's own, after it was said what this is not. */
    function own() {
      const file = p.el("input", { type: "file", accept: "image/*", class: "ex-file", "aria-label": "A photo of one's own",
        onchange: () => file.files[0] && take(file.files[0]) });
      const ask = p.button("A photo of your own \u2026", () => {
        ask.replaceWith(p.el("p", {}, p.el("b", {}, "This is not a medical device. "), "It says nothing about whether a lesion is " +
          "harmless. It was made to learn from, with dermoscopic photographs; on others it draws nonsense without a word. " +
          "Your photo stays in this page."), file);
        file.focus();
      });
      return p.box("row", ask);
    }
    async function take(file) {
      try {
        now = { ...(await decode(file, side)), name: file.name, own: true };
        await compute();
      } catch (error) {
        says.say(`${file.name} cannot be shown: ${error.message}.`);
      }
    }

    async function compute() {
      if (run) {
        let rgb = swap ? f.swapped(now.rgb) : now.rgb;
        if (raw) rgb = f.unnormalised(rgb);
        const asked = now, { map, time } = await run(rgb);
        Object.assign(asked, { map, time });
        if (asked !== now) return;
      }
      show();
    }

    function show() {
      now.mask = f.binarise(f.enlarge(now.map, side, side, now.h, now.w), cut);
      const share = f.mean(now.mask), score = now.truth && f.jaccard(f.confusion(now.mask, now.truth));
      values.set({ jaccard: now.truth ? [p.number(score), score] : ["\u2013", 0], share: [`${Math.round(100 * share)} %`, share],
                   time: [now.time ? `${Math.round(now.time)} ms` : "\u2013"], size: [`${side} \u00d7 ${side}`] });
      says.say(sentence(score, share));
      surface.redraw();
    }
    function sentence(score, share) {
      if (!run) return `Computed when this page was built, J is ${p.number(score)} here. Start the network, and the page computes.`;
      if (swap && raw) return "Both mistakes at once. No error is raised, and a mask comes out: only its score tells.";
      if (swap) return "Skin turns blue, as when OpenCV's BGR is taken for RGB. No error is raised; compare J with and without.";
      if (raw) return "The network gets values from 0 to 1 where it learned with values around 0. No error is raised; compare J.";
      if (share === 0) return "No pixel is above the threshold: the network calls all of it skin.";
      if (now.own) return "Nobody knows the truth of this photo here. What would make you trust, or distrust, this outline?";
      return now.drawn ? "A drawn lesion: the network saw photographs alone, none of these." :
        "A test photograph: the network was not trained on it, and its score was not used to choose anything.";
    }

    body.append(lead, p.box("columns wide-left", p.box("stack", surface.node, key, views.node), beside),
      says.node, p.el("p", { class: "ex-note" }, note));
    show();
    lesionseg.network = { masks: async () => { // for the tests: the mask of every picture at .5
      const found = [];
      for (const one of pictures) {
        const { map } = await run(one.rgb);
        found.push(Array.from(f.binarise(f.enlarge(map, side, side, one.h, one.w), 0.5)));
      }
      return found;
    } };
  });
})();
