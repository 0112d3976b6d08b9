// The page of missed calls: "Dealt with" takes a call off the list, here and for everybody.
import { post } from "./api.js";
import { complain } from "./toast.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-handle]");
  if (!button) return;
  button.disabled = true;
  try {
    await post(`/calls/${button.dataset.handle}/handle-missed`);
    button.closest("tr").remove();
  } catch (error) {
    button.disabled = false;
    complain(error);
  }
});
