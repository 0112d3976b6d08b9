// Saved views of a list: save what it shows now, rename, make the default, delete.
import { call } from "./api.js";
import { complain } from "./toast.js";

const bar = () => document.getElementById("views");

function keep(form) {
  const body = { name: form.elements.name.value, default: form.elements.default.checked };
  if (form.dataset.view) return call("PATCH", `/views/${form.dataset.view}`, body);
  return call("POST", "/views", { ...body, list: bar().dataset.list, query: location.search.slice(1) });
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-view]");
  if (!form) return;
  event.preventDefault();
  const problem = form.querySelector(".field-error");
  try {
    const view = await keep(form);
    location.assign(`${location.pathname}?${view.query}`);
  } catch (error) {
    problem.textContent = Object.values(error.fields ?? {})[0] ?? error.message;
    problem.hidden = false;
    form.elements.name.focus();
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-delete-view]");
  if (!button) return;
  button.disabled = true;
  try {
    await call("DELETE", `/views/${button.closest("form").dataset.view}`);
    location.assign(`${location.pathname}?plain=1`);
  } catch (error) {
    button.disabled = false;
    complain(error);
  }
});
