/* What the reader has done: predictions, answers, and the wish to see everything. It stays in this browser. */
const Course = (() => {
  const KEY = "lesionseg-course";
  const nothing = () => ({ version: 1, everything: false, predictions: {}, answers: {} });
  let kept = null; // where a browser keeps nothing, at least as long as the page is open

  const isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

  /** Return a record of the right shape, or null. */
  function valid(record) {
    if (!isRecord(record) || record.version !== 1 || !isRecord(record.predictions) || !isRecord(record.answers)) {
      return null;
    }
    return { ...nothing(), ...record };
  }

  function read() {
    try {
      return valid(JSON.parse(localStorage.getItem(KEY))) ?? kept ?? nothing();
    } catch {
      return kept ?? nothing();
    }
  }

  function write(record) {
    kept = record;
    try {
      localStorage.setItem(KEY, JSON.stringify(record));
    } catch {
      // Private windows may refuse; `kept` remains.
    }
    document.dispatchEvent(new CustomEvent("course:change"));
  }

  /** Change the record in place and keep it. */
  function update(change) {
    const record = read();
    change(record);
    write(record);
  }

  /** Build an element: make("p", {class: "note"}, "text", other). */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
  }

  return { nothing, valid, read, write, update, make };
})();
window.Course = Course;
