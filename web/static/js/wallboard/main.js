// The wallboard: figures from the API, everything else live from the socket.
import "./figures.js";
import "./tiles.js";
import "./texts.js";
import "./alarms.js";
import "./wall.js";
