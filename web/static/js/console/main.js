// The agent console: everything that its page loads.
import "./desk.js";
import "./status.js";
import "./strip.js";
import "./card.js";
import "./people.js";
import "./wrapup.js";
import "./lists.js";
import "./callbacks.js";
import "./tasks.js";
import "./next.js";
import "./pad.js";
import "./ring.js";
import "./notices.js";
import "./scripts.js";
import "./articles.js";
import "./keys.js";
