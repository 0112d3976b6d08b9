// A question in a dialog: gives what was typed or chosen ("yes" where there is neither), or null when it was dismissed.
// `kind` and `value` are the field's type and what stands in it; `check` says what is wrong with what was typed, or "".
import { el } from "./dom.js";
import { t } from "./text.js";

export function ask(title, { about = "", field = "", choices = [], action, needed = false, longest = 200, kind = "text", value = "", check = null }) {
  return new Promise((resolve) => {
    const input = field ? el("input", { class: "form-control", id: "ask-field", type: kind, value, maxlength: longest, required: needed, autocomplete: "off", autofocus: true }) : null;
    const options = choices.map(([choice, label], index) => el("label", { class: "check" },
      el("input", { type: "radio", name: "choice", value: choice, checked: index === 0 }), label));
    const problem = el("p", { class: "field-error", id: "ask-problem", role: "alert", hidden: true });
    const form = el("form", { method: "dialog" },
      el("div", { class: "sheet-body stack" }, el("h2", { id: "ask-title" }, title), about ? el("p", { class: "ask-about", id: "ask-about" }, about) : null,
        input ? el("div", { class: "field" }, el("label", { for: "ask-field" }, field), input, problem) : null, options.length ? el("div", { class: "stack" }, options) : null),
      el("div", { class: "sheet-foot" },
        el("button", { type: "button", class: "btn", onclick: () => sheet.close() }, t("Cancel")),
        el("button", { class: "btn btn-primary", value: "yes" }, action)));
    const sheet = el("dialog", { class: "sheet", "aria-labelledby": "ask-title", "aria-describedby": about ? "ask-about" : null }, form);
    form.addEventListener("submit", (event) => {
      const wrong = input && check ? check(input.value) : "";
      if (!wrong) return;
      event.preventDefault();
      problem.textContent = wrong;
      problem.hidden = false;
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", problem.id);
      input.focus();
    });
    input?.addEventListener("input", () => {
      problem.hidden = true;
      input.removeAttribute("aria-invalid");
    });
    sheet.addEventListener("close", () => {
      const given = sheet.returnValue === "yes" ? (input ? input.value.trim() : form.elements.choice?.value ?? "yes") : null;
      sheet.remove();
      resolve(given);
    });
    document.body.append(sheet);
    sheet.showModal();
  });
}
