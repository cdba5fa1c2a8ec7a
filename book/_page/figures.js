/* A figure in full size: by click, tap or Enter on it; back with Escape, the button, or a click beside it. */
(() => {
  const { make } = Course;
  const links = [...document.querySelectorAll("article figure a.image-reference, article .cell_output a.image-reference")];
  if (links.length === 0 || !window.HTMLDialogElement) return;
  const picture = make("img", { alt: "" });
  const frame = make("div", { class: "lightbox-frame", tabindex: "0", role: "group", "aria-label": "Figure, enlarged" });
  const close = make("button", { type: "button", class: "lightbox-close", autofocus: true }, "Close");
  const dialog = make("dialog", { class: "lightbox", "aria-label": "Figure, enlarged" }, close, frame);
  document.body.append(dialog);
  let from = null;

  for (const link of links) {
    const image = link.querySelector("img");
    const name = link.closest("figure")?.querySelector("figcaption strong")?.textContent ?? "figure";
    link.setAttribute("role", "button");
    link.setAttribute("aria-haspopup", "dialog");
    link.title = `Enlarge ${name}`;
    const open = (event) => {
      event.preventDefault();
      from = link;
      frame.replaceChildren(picture); // an image without a source is a broken one
      // On a phone a wide figure is enlarged to be read, and moved under the finger; how wide it is, is known once it came.
      picture.onload = () => {
        const width = Number(image.getAttribute("width")) || picture.naturalWidth;
        picture.style.width = `${Math.max(innerWidth - 32, 1.25 * width)}px`;
      };
      picture.src = link.href;
      picture.alt = image.alt;
      dialog.showModal();
    };
    link.addEventListener("click", open);
    link.addEventListener("keydown", (event) => event.key === " " && open(event));
  }
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => from?.focus());
})();
