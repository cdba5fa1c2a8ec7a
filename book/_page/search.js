/* Search while typing, in the prose of the book (`_ext/search_index.py`): lessons before pages before the library. */
(() => {
  const { make } = Course;
  const root = document.documentElement.dataset.content_root ?? "./";
  const WEIGHT = { lesson: 3, page: 2, library: 1 };
  const KIND = { lesson: "Lesson", page: "Page", library: "Library" };
  const MOST = 20;
  let sections = null;
  let loading = null;

  /** The index is a script, so that it also loads from a disk. It is asked for once, at the first use. */
  function load() {
    loading ??= new Promise((resolve, reject) => {
      Course.searchable = (data) => {
        sections = data.map(([page, anchor, kind, title, heading, text]) => {
          return { page, anchor, kind, title, heading, text, low: text.toLowerCase() };
        });
        resolve();
      };
      document.head.append(make("script", { src: `${root}_static/book-search.js`, onerror: reject }));
    });
    return loading;
  }

  const words = (query) => query.toLowerCase().match(/[\p{L}\p{N}_.-]+/gu) ?? [];
  const starts = (text, word) => new RegExp(`(?<![\\p{L}\\p{N}])${word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, "iu").exec(text);

  function scored(section, wanted) {
    let score = 0;
    for (const word of wanted) {
      const inTitle = starts(section.title, word) ? 8 : 0;
      const inHeading = starts(section.heading, word) ? 6 : 0;
      let inText = 0;
      for (let at = section.low.indexOf(word); at >= 0 && inText < 4; at = section.low.indexOf(word, at + word.length)) {
        const before = section.low[at - 1];
        inText += before === undefined || !/[\p{L}\p{N}]/u.test(before) ? 1 : 0.2;
      }
      if (inTitle + inHeading + inText === 0) return 0;
      score += inTitle + inHeading + inText;
    }
    return score * WEIGHT[section.kind];
  }

  /** The sentences around the first word that is found, the words marked. */
  function excerpt(section, wanted) {
    const found = wanted.map((word) => starts(section.text, word)?.index ?? section.low.indexOf(word)).filter((at) => at >= 0);
    const at = found.length ? Math.min(...found) : 0;
    const from = Math.max(0, section.text.lastIndexOf(" ", Math.max(0, at - 60)));
    const text = section.text.slice(from, from + 200);
    const pattern = new RegExp(`(${wanted.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "iu");
    const parts = text.split(pattern).map((part, i) => (i % 2 ? make("mark", {}, part) : part));
    return make("p", { class: "context" }, from > 0 ? "… " : "", ...parts, from + 200 < section.text.length ? " …" : "");
  }

  function find(query) {
    const wanted = words(query);
    if (wanted.length === 0) return [];
    const hits = sections.map((section) => [scored(section, wanted), section]).filter(([score]) => score > 0);
    return hits.sort((one, other) => other[0] - one[0]).slice(0, MOST).map(([, section]) => [section, wanted]);
  }

  function shown([section, wanted]) {
    const address = `${root}${section.page}.html${section.anchor ? `#${section.anchor}` : ""}`;
    const title = section.heading === section.title ? section.title : `${section.title} › ${section.heading}`;
    const kind = make("span", { class: "search-kind" }, KIND[section.kind]);
    return make("li", { class: `kind-${section.kind}` }, make("a", { href: address }, title), " ", kind, excerpt(section, wanted));
  }

  function setUp(form) {
    const input = form.querySelector("input[type=search]");
    const said = make("p", { role: "status", class: "search-summary" });
    const list = make("ul", { class: "search" });
    form.after(make("div", { class: "course-search" }, said, list));
    let asked = 0;

    async function run() {
      const mine = ++asked;
      if (!input.value.trim()) {
        said.textContent = "";
        list.replaceChildren();
        return;
      }
      try {
        await load();
      } catch {
        said.textContent = "The index could not be loaded.";
        return;
      }
      if (mine !== asked) return;
      const hits = find(input.value);
      list.replaceChildren(...hits.map(shown));
      said.textContent = hits.length === 0 ? `Nothing found for “${input.value}”.` : `${hits.length === MOST ? "The best " : ""}${hits.length} found.`;
    }

    let timer = 0;
    input.addEventListener("focus", () => load().catch(() => {}), { once: true });
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(run, 120);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      run();
    });
    return (query) => {
      input.value = query;
      run();
    };
  }

  const runs = [...document.querySelectorAll("form.bd-search")].map((form) => [form, setUp(form)]);
  const query = new URLSearchParams(location.search).get("q");
  const page = document.querySelector(".bd-search-container form.bd-search");
  if (page && query) runs.find(([form]) => form === page)[1](query);
})();
