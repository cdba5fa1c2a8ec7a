/* The questions of a lesson as a choice with feedback and a score. Without this script they are the <details> that the
   lesson's text holds (tools/quiz.py). */
(() => {
  const { make, read, update } = Course;
  const lesson = /\/notebooks\/(\d\d)_/.exec(location.pathname)?.[1];
  const heads = [...document.querySelectorAll("article p > strong:first-child")]
    .filter((strong) => /^Question \d+\.$/.test(strong.textContent.trim()))
    .map((strong) => strong.parentElement);
  if (!lesson || heads.length === 0) return;

  /** The answers below a question: the <details> up to the next question. */
  function answersOf(head, next) {
    const found = [];
    for (let node = head.nextElementSibling; node && node !== next; node = node.nextElementSibling) {
      if (node.matches("h1, h2, h3, section")) break;
      if (node.matches("br")) node.classList.add("quiz-break");
      if (node.matches("details")) found.push(node);
    }
    return found;
  }

  function readAnswer(details) {
    const summary = details.querySelector("summary");
    const [, letter, text] = /^\s*([A-Z])\.\s*([\s\S]*)$/.exec(summary.innerHTML) ?? [null, "", summary.innerHTML];
    const body = [...details.children].filter((child) => child !== summary);
    const right = body[0]?.querySelector("strong")?.textContent.trim() === "Right.";
    return { letter, text, right, body, details };
  }

  const questions = heads.map((head, i) => {
    const answers = answersOf(head, heads[i + 1]).map(readAnswer);
    return { head, number: i + 1, key: `${lesson}/${i + 1}`, answers };
  });

  function setUp(question) {
    const { head, number, key, answers } = question;
    head.id ||= `question-${number}`;
    const group = make("div", { class: "quiz-group", role: "radiogroup", "aria-labelledby": head.id });
    const feedback = make("div", { class: "quiz-feedback", "aria-live": "polite" });
    for (const answer of answers) {
      const input = make("input", { type: "radio", name: `question-${number}`, value: answer.letter });
      const text = make("span", {});
      text.innerHTML = `<b>${answer.letter}</b> ${answer.text}`;
      const mark = make("span", { class: "quiz-mark", "aria-hidden": "true" });
      answer.label = make("label", { class: "quiz-answer" }, input, text, mark);
      answer.input = input;
      group.append(answer.label);
      answer.details.classList.add("quiz-plain");
      input.addEventListener("change", () =>
        update((record) => {
          const before = record.answers[key];
          record.answers[key] = { first: before?.first ?? answer.letter, last: answer.letter, right: answer.right,
                                  firstRight: before?.firstRight ?? answer.right };
        }),
      );
    }
    answers[0]?.details.before(group, feedback);

    function show() {
      const last = read().answers[key]?.last;
      for (const answer of answers) {
        const chosen = answer.letter === last;
        answer.input.checked = chosen;
        answer.label.classList.toggle("right", chosen && answer.right);
        answer.label.classList.toggle("wrong", chosen && !answer.right);
        answer.label.querySelector(".quiz-mark").textContent = chosen ? (answer.right ? "✓" : "✗") : "";
      }
      const chosen = answers.find((answer) => answer.letter === last);
      feedback.className = `quiz-feedback ${chosen ? (chosen.right ? "right" : "wrong") : ""}`;
      if (feedback.dataset.shows !== (last ?? "")) {
        feedback.dataset.shows = last ?? "";
        feedback.replaceChildren(...(chosen ? chosen.body.map((node) => node.cloneNode(true)) : []));
      }
    }
    document.addEventListener("course:change", show);
    show();
  }

  function addScore() {
    const last = questions[questions.length - 1].answers.at(-1).details;
    const text = make("p", { role: "status" });
    const again = make("button", { type: "button" }, "Start again");
    again.addEventListener("click", () =>
      update((record) => questions.forEach((question) => delete record.answers[question.key])),
    );
    const show = () => {
      const { answers } = read();
      const done = questions.filter((question) => answers[question.key]);
      const right = done.filter((question) => answers[question.key].right).length;
      const first = done.filter((question) => answers[question.key].firstRight).length;
      again.hidden = done.length === 0;
      text.textContent =
        done.length === 0
          ? `${questions.length} questions; your answers stay in this browser.`
          : `${right} of ${questions.length} right, ${first} of them at the first try.`;
    };
    last.after(make("div", { class: "quiz-score" }, text, again));
    document.addEventListener("course:change", show);
    show();
  }

  const plain = () => questions.flatMap((question) => question.answers.map((answer) => answer.details));
  const introduction = heads[0].previousElementSibling;
  if (introduction?.textContent.startsWith("Choose an answer")) {
    introduction.textContent = "Choose an answer; each says why it is right or wrong.";
  }
  questions.forEach(setUp);
  addScore();
  addEventListener("beforeprint", () => plain().forEach((details) => (details.open = true)));
  addEventListener("afterprint", () => plain().forEach((details) => (details.open = false)));
})();
