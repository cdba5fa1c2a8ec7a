/* Predict, reveal, compare. `_ext/cells.py` marks the prompts and what they are about; without this script all is seen. */
(() => {
  const { make, read, update } = Course;
  const root = document.documentElement;
  const controls = [...document.querySelectorAll(".predict-control")];
  if (controls.length === 0) return;

  /** What a prompt folds: everything marked between it and the next prompt. */
  function foldedBy(prompt, next) {
    const after = (one, other) => one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
    return [...document.querySelectorAll(".predicted")].filter(
      (part) => after(prompt, part) && (!next || after(part, next)) && !part.parentElement.closest(".predicted"),
    );
  }

  function field(control, name) {
    const id = `${name}-value`;
    if (control.dataset.choices) {
      const options = control.dataset.choices.split("|").map((text) => text.trim());
      const radios = options.map((text) =>
        make("label", {}, make("input", { type: "radio", name: id, value: text }), ` ${text}`),
      );
      return make("fieldset", { class: "predict-choices" }, make("legend", {}, "Your prediction"), ...radios);
    }
    const number = control.dataset.unit !== undefined;
    const about = { id, type: number ? "number" : "text", step: number && "any", maxlength: "200", autocomplete: "off" };
    const parts = [make("label", { for: id }, "Your prediction"), make("input", about)];
    return make("div", { class: "predict-line" }, ...parts, number ? ` ${control.dataset.unit}` : "");
  }

  function setUp(control, next) {
    const key = control.dataset.prediction;
    const prompt = control.closest(".predict");
    const parts = foldedBy(prompt, next);
    const name = prompt.id;
    const form = make("form", { class: "predict-form", "aria-label": `Prediction ${key.split("/")[1]}` });
    const button = make("button", { type: "submit", class: "predict-reveal" });
    const said = make("div", { class: "predict-said", hidden: true });
    const placeholder = make("button", { type: "button", class: "predict-folded", "aria-expanded": "false" });
    placeholder.textContent = "Folded until you reveal it: predict above, or look now";
    form.append(field(control, name), button);
    control.append(form);
    if (parts.length > 0) {
      // Side by side where there is room; a figure keeps its width, and the prediction stands above it.
      const pair = make("div", { class: parts[0].querySelector("figure, img, svg.chart") ? "predict-pair wide" : "predict-pair" });
      parts[0].before(placeholder, pair);
      pair.append(said, parts[0]);
    }
    parts.forEach((part, i) => (part.id ||= `${name}-part-${i + 1}`));
    placeholder.setAttribute("aria-controls", parts.map((part) => part.id).join(" "));

    const value = () => {
      const input = form.querySelector("input:checked, input:not([type=radio])");
      return input ? input.value.trim() : "";
    };

    function show() {
      const record = read();
      const mine = record.predictions[key] ?? {};
      const open = Boolean(mine.revealed) || record.everything;
      parts.forEach((part) => part.classList.toggle("revealed", open));
      placeholder.hidden = open;
      button.textContent = mine.revealed ? "Change" : parts.length > 0 ? "Reveal" : "Keep";
      said.hidden = !(open && mine.revealed);
      const unit = control.dataset.unit ? ` ${control.dataset.unit}` : "";
      const text = mine.value ? `${mine.value}${unit}` : "nothing; you looked at once";
      said.replaceChildren(make("strong", {}, "You predicted"), make("span", { class: "predict-mine" }, text));
      for (const input of form.querySelectorAll("input")) {
        if (input.type === "radio") input.checked = input.value === mine.value;
        else if (document.activeElement !== input) input.value = mine.value ?? "";
      }
    }

    function reveal() {
      const answer = value();
      update((record) => (record.predictions[key] = { value: answer, revealed: true }));
      const target = said.hidden ? parts[0] : said;
      if (target) {
        target.setAttribute("tabindex", "-1");
        target.focus({ preventScroll: true });
        const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
        if (target.getBoundingClientRect().bottom > innerHeight) {
          target.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
        }
      }
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      reveal();
    });
    placeholder.addEventListener("click", reveal);
    document.addEventListener("course:change", show);
    show();
  }

  /** The switch for readers in a hurry, and how far one is, under the title. */
  function addSwitch() {
    const title = document.querySelector("article h1");
    const box = make("input", { type: "checkbox", role: "switch" });
    const count = make("span", { class: "predict-count" });
    const show = () => {
      const record = read();
      box.checked = record.everything;
      const done = controls.filter((one) => record.predictions[one.dataset.prediction]?.revealed).length;
      count.textContent = `${done} of ${controls.length} predictions made`;
    };
    box.addEventListener("change", () => update((record) => (record.everything = box.checked)));
    document.addEventListener("course:change", show);
    title?.after(make("div", { class: "predict-switch" }, make("label", {}, box, " Show everything"), count));
    show();
  }

  controls.forEach((control, i) => setUp(control, controls[i + 1]));
  addSwitch();
  // From here on each part says by itself whether it is open.
  root.classList.add("predicts");
})();
