import { LONGEST } from "./api.js";

// What is asked for anew when something was heard: once for all that comes together, and one question at a time, so that an
// older answer never comes last. News without a pause, as on a busy day, puts it off no further than `usual` milliseconds.
// `run` gets the signal that ends its request after LONGEST: what never comes would keep all else from being asked for.
// → a function by which it is asked for, in `after` milliseconds at the latest; 0 asks although an answer is on its way.
export function inTime(run, usual) {
  let timer = null;
  let at = 0; // when it runs out
  let running = 0;
  let missed = null; // how soon to ask again

  async function go() {
    timer = null;
    running += 1;
    try {
      await run(AbortSignal.timeout(LONGEST));
    } finally {
      running -= 1;
      const again = missed;
      if (!running) missed = null;
      if (!running && again !== null) soon(again);
    }
  }

  function soon(after = usual) {
    if (running && after) {
      missed = Math.min(missed ?? after, after);
      return;
    }
    const then = performance.now() + after;
    if (timer !== null && at <= then) return;
    clearTimeout(timer);
    at = then;
    timer = setTimeout(go, after);
  }

  return soon;
}
