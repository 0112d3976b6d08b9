// A question in a dialog: gives what was typed or chosen ("yes" where there is neither), or null when it was dismissed.
import { el } from "./dom.js";
import { t } from "./text.js";

export function ask(title, { about = "", field = "", choices = [], action, needed = false, longest = 200 }) {
  return new Promise((resolve) => {
    const input = field ? el("input", { class: "form-control", id: "ask-field", maxlength: longest, required: needed, autocomplete: "off", autofocus: true }) : null;
    const options = choices.map(([value, label], index) => el("label", { class: "check" },
      el("input", { type: "radio", name: "choice", value, checked: index === 0 }), label));
    const form = el("form", { method: "dialog" },
      el("div", { class: "sheet-body stack" }, el("h2", { id: "ask-title" }, title), about ? el("p", { class: "ask-about", id: "ask-about" }, about) : null,
        input ? el("div", { class: "field" }, el("label", { for: "ask-field" }, field), input) : null, el("div", { class: "stack" }, options)),
      el("div", { class: "sheet-foot" },
        el("button", { type: "button", class: "btn", onclick: () => sheet.close() }, t("Cancel")),
        el("button", { class: "btn btn-primary", value: "yes" }, action)));
    const sheet = el("dialog", { class: "sheet", "aria-labelledby": "ask-title", "aria-describedby": about ? "ask-about" : null }, form);
    sheet.addEventListener("close", () => {
      const given = sheet.returnValue === "yes" ? (input ? input.value.trim() : form.elements.choice?.value ?? "yes") : null;
      sheet.remove();
      resolve(given);
    });
    document.body.append(sheet);
    sheet.showModal();
  });
}
