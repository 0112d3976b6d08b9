// The page of a call that nobody took: who spoke on it says so.
import { post } from "./api.js";
import { complain } from "./toast.js";

document.querySelector("[data-claim-late]")?.addEventListener("click", async ({ currentTarget: button }) => {
  button.disabled = true;
  try {
    await post(`/calls/${button.dataset.claimLate}/claim-late`);
    location.reload();
  } catch (error) {
    button.disabled = false;
    complain(error);
  }
});
