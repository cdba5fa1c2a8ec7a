/* What the theme leaves out: focus, a side bar that follows, scrolling by keyboard, the glossary at a word. */
(() => {
  const { make } = Course;

  // The page one reads is in sight in the list of pages.
  const bar = document.querySelector(".bd-sidebar-primary");
  const current = bar?.querySelector("li.current.active > a, a.current");
  if (bar && current) {
    const place = () => {
      const inside = current.getBoundingClientRect().top - bar.getBoundingClientRect().top + bar.scrollTop;
      if (inside < bar.scrollTop + 60 || inside > bar.scrollTop + bar.clientHeight - 60) {
        bar.scrollTop = Math.max(0, inside - bar.clientHeight / 2);
      }
    };
    place();
    addEventListener("load", place);
  }

  // A click on the theme's switch hides the icon that had the focus.
  for (const button of document.querySelectorAll(".theme-switch-button")) {
    button.addEventListener("click", () => setTimeout(() => button.focus()));
    const say = () => {
      const name = document.documentElement.dataset.mode ?? "auto";
      button.setAttribute("aria-label", `Colour mode: ${name === "auto" ? "as the system" : name}`);
    };
    new MutationObserver(say).observe(document.documentElement, { attributeFilter: ["data-mode"] });
    say();
  }

  // Paper is white, also for those who read in the dark.
  const html = document.documentElement;
  matchMedia("print").addEventListener("change", (event) => {
    if (event.matches) {
      html.dataset.onScreen = html.dataset.theme;
      html.dataset.theme = "light";
    } else {
      html.dataset.theme = html.dataset.onScreen ?? html.dataset.theme;
    }
  });

  // What scrolls sideways is reached and scrolled by keyboard.
  const scrolling = 
    "article pre, article div.math, article figure, article .drawing, article .text_html, article .pst-scrollable-table-container";
  const markScrolling = () => {
    for (const part of document.querySelectorAll(scrolling)) {
      const wide = part.scrollWidth > part.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(part).overflowX);
      part.classList.toggle("scrolls", wide);
      if (wide) part.setAttribute("tabindex", "0");
      else part.removeAttribute("tabindex");
    }
  };
  let waiting = 0;
  const markSoon = () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(markScrolling);
  };
  new ResizeObserver(markSoon).observe(document.querySelector("article") ?? document.body);
  document.addEventListener("toggle", markSoon, true);

  // The glossary's entry at a word, by pointer or focus.
  const terms = document.querySelectorAll("a.term");
  if (terms.length === 0) return;
  const note = make("div", { class: "term-note", role: "tooltip", id: "term-note", hidden: true });
  document.body.append(note);
  const hide = () => (note.hidden = true);
  const show = (event) => {
    const term = event.currentTarget;
    note.textContent = term.dataset.entry;
    note.hidden = false;
    term.setAttribute("aria-describedby", note.id);
    const word = term.getBoundingClientRect();
    const left = Math.min(Math.max(8, word.left), innerWidth - note.offsetWidth - 8);
    const below = word.bottom + note.offsetHeight + 12 < innerHeight;
    note.style.left = `${left + scrollX}px`;
    note.style.top = `${scrollY + (below ? word.bottom + 6 : word.top - note.offsetHeight - 6)}px`;
  };
  for (const term of terms) {
    term.addEventListener("pointerenter", show);
    term.addEventListener("focus", show);
    term.addEventListener("pointerleave", hide);
    term.addEventListener("blur", hide);
  }
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
})();
