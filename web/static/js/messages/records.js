// The records of messages: keep the rest of a sending to many from leaving.
import { post } from "../api.js";
import { complain } from "../toast.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-cancel-batch]");
  if (!button) return;
  button.disabled = true;
  try {
    await post(`/message-batches/${button.dataset.cancelBatch}/cancel`);
    location.reload();
  } catch (error) {
    button.disabled = false;
    complain(error);
  }
});
