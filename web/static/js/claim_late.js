// The page of a call: who spoke on it says so, and whoever said so by mistake takes it back.
import { post } from "./api.js";
import { complain } from "./toast.js";

function ask(button, call, what) {
  button?.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await post(`/calls/${call}/${what}`);
      location.reload();
    } catch (error) {
      button.disabled = false;
      complain(error);
    }
  });
}

const [mine, notMine] = [document.querySelector("[data-claim-late]"), document.querySelector("[data-take-back]")];
ask(mine, mine?.dataset.claimLate, "claim-late");
ask(notMine, notMine?.dataset.takeBack, "take-back-claim");
