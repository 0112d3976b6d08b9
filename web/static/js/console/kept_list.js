// A list of the console as the server has it: asked for anew soon after something was heard, and again after a while when it
// could not be had.
import { TRY_AGAIN } from "../api.js";
import { inTime } from "../in_time.js";
import { socket } from "../live.js";
import { Newest } from "../newest.js";

const SOON = 400;

export class KeptList {
  // `request` gets the options of a request and gives the answer that `take` shows.
  constructor(request, take) {
    this.pages = new Newest();
    // `soon()` asks anew, or `soon(after)` in so many milliseconds, unless it is asked for sooner.
    this.soon = inTime(async (signal) => {
      try {
        await this.pages.ask(() => request({ signal }), take);
      } catch (error) {
        // The banner says that the server is away; the list stays as it was. A refusal would be said again.
        if (!(error.status >= 400 && error.status < 500)) this.soon(TRY_AGAIN);
      }
    }, SOON);
  }

  // From now on it is kept as the server has it, also when the page was cut off meanwhile.
  keep() {
    socket.whenReady(() => this.soon(0));
    this.soon(0);
  }
}
