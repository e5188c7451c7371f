import { byId, setText } from "./elements.js";

/** Makes every button called "cancel" close the dialog that it is in; Escape does so by itself. */
export function connectDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.querySelector(".cancel").addEventListener("click", () => dialog.close());
  }
}

/**
 * Opens a dialog, with everything in it as it was at first, and waits for it to close, which gives the focus back.
 *
 * @param {string} id
 * @param {string} [title] Its heading.
 * @returns {Promise<FormData | undefined>} What was filled in, or `undefined` where it was left.
 */
export function ask(id, title) {
  const dialog = byId(id);
  const form = dialog.querySelector("form");
  if (title !== undefined) setText(dialog.querySelector("h2"), title);
  form.reset();
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const closed = () => resolve(dialog.returnValue === "ok" ? new FormData(form) : undefined);
    dialog.addEventListener("close", closed, { once: true });
  });
}
