// The last hour of a gateway: stacked bars, one for each minute, fetched again while the page is looked at.
import { get } from "./api.js";
import { timeOfDay } from "./format.js";
import { Newest } from "./newest.js";
import { locale, t } from "./text.js";

const AGAIN = 10_000;
const gatewayId = document.getElementById("hour").dataset.gateway;
const box = document.getElementById("chart");
const readout = document.getElementById("chart-readout");
const whole = new Intl.NumberFormat(locale);
const COLOURS = { delivered: "--good", accepted: "--info", unknown: "--warn", failed: "--bad" };
const items = [...document.querySelectorAll("[data-figure]")];
const names = Object.fromEntries(items.map((item) => [item.dataset.figure, item.childNodes[1].textContent.trim()]));
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const rates = new Newest();
let minutes = JSON.parse(box.dataset.minutes);

function options() {
  const [ink, edge] = [token("--ink-2"), token("--edge")];
  return {
    animation: false,
    backgroundColor: token("--surface"),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 12, right: 16, top: 16, bottom: 8, containLabel: true },
    xAxis: { type: "category", data: minutes.map((one) => timeOfDay(one.at)), axisLine: { lineStyle: { color: edge } }, axisTick: { show: false }, axisLabel: { color: ink, hideOverlap: true } },
    yAxis: { type: "value", min: 0, minInterval: 1, axisLabel: { color: ink, formatter: (value) => whole.format(value) }, splitLine: { lineStyle: { color: edge } } },
    series: Object.entries(COLOURS).map(([figure, colour]) => ({
      name: names[figure], type: "bar", stack: "all", barMaxWidth: 24, data: minutes.map((one) => one[figure]), cursor: "default",
      itemStyle: { color: token(colour) }, emphasis: { itemStyle: { color: token(colour), borderColor: token("--ink"), borderWidth: 1 } },
    })),
  };
}

const chart = window.echarts.init(box, null, { renderer: "canvas" });

function show() {
  chart.setOption(options());
  for (const item of items) {
    const { figure } = item.dataset;
    item.querySelector(".legend-mark").style.background = token(COLOURS[figure]);
    item.querySelector("[data-sum]").textContent = whole.format(minutes.reduce((sum, one) => sum + one[figure], 0));
  }
}

const resting = readout.textContent;
chart.on("mouseover", ({ name, seriesName, value }) => (readout.textContent = t("{row} · {figure}: {value}", { row: name, figure: seriesName, value: whole.format(value) })));
chart.on("mouseout", () => (readout.textContent = resting));

async function fetchAgain() {
  if (document.hidden) return;
  try {
    await rates.ask(() => get(`/gateways/${gatewayId}/rates`), (found) => {
      minutes = found.items;
      show();
    });
  } catch {
    // What is drawn stays; the next time may do better.
  }
}

show();
setInterval(fetchAgain, AGAIN);
document.addEventListener("visibilitychange", fetchAgain);
new ResizeObserver(() => chart.resize()).observe(box);
new MutationObserver(show).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
box.dataset.ready = "yes";
