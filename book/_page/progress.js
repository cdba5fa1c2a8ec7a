/* How far one is, on the first page; and the record as a file, to take it to another browser. */
(() => {
  const { make, nothing, valid, read, write } = Course;
  const list = document.querySelector(".lessons");
  if (!list) return;

  const begins = (lesson) => ([key]) => key.startsWith(`${lesson}/`);

  function show() {
    const record = read();
    let done = 0;
    let all = 0;
    for (const meter of list.querySelectorAll(".lesson-progress")) {
      const { lesson, predictions, questions } = meter.dataset;
      const made = Object.entries(record.predictions).filter(begins(lesson)).filter(([, one]) => one.revealed).length;
      const right = Object.entries(record.answers).filter(begins(lesson)).filter(([, one]) => one.right).length;
      const total = Number(predictions) + Number(questions);
      const here = Math.min(made, Number(predictions)) + Math.min(right, Number(questions));
      done += here;
      all += total;
      const words = `${made} of ${predictions} predictions, ${right} of ${questions} questions right`;
      const bar = make("progress", { max: total, value: here, "aria-label": `Lesson ${lesson}: ${words}` });
      meter.replaceChildren(bar, make("span", {}, here > 0 ? words : ""));
    }
    const next = [...list.querySelectorAll("li")].find((item) => {
      const bar = item.querySelector("progress");
      return bar && bar.value < bar.max;
    });
    status.textContent = done > 0 ? `${Math.ceil((100 * done) / all)} % of the course done.` : "Nothing done yet.";
    const link = done > 0 && next?.querySelector("a");
    if (link) status.append(" Go on with ", link.cloneNode(true), ".");
  }

  function save() {
    const text = JSON.stringify(read(), null, 1);
    const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    make("a", { href: address, download: "lesionseg-progress.json" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  async function open() {
    const file = chooser.files[0];
    if (!file) return;
    let record = null;
    try {
      record = valid(JSON.parse(await file.text()));
    } catch {
      // Not JSON: said below.
    }
    if (record) write(record);
    said.textContent = record
      ? `Progress taken from ${file.name}.`
      : `${file.name} holds no progress of this course; expected a file that this page saved.`;
    chooser.value = "";
  }

  function forget() {
    if (confirm("Forget all predictions, answers and scores of this browser?")) write(nothing());
  }

  const status = make("p", { role: "status" });
  const said = make("p", { role: "status" });
  const chooser = make("input", { type: "file", accept: "application/json,.json", hidden: true, onchange: open });
  chooser.setAttribute("aria-label", "A file of progress");
  const button = (text, onclick) => make("button", { type: "button", onclick }, text);
  list.after(
    make(
      "div",
      { class: "progress-tools" },
      status,
      button("Save as a file", save),
      button("Open a file", () => chooser.click()),
      button("Forget", forget),
      chooser,
      said,
      make("p", { class: "note" }, "Predictions and answers are kept in this browser alone; nothing is sent anywhere."),
    ),
  );
  document.addEventListener("course:change", show);
  show();
})();
