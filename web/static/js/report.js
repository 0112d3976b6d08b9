// The chart of a report: bars or lines in the colours of the theme; pointing reads, clicking leads to the calls.
import { el } from "./dom.js";
import { duration } from "./format.js";
import { locale, t } from "./text.js";

const box = document.getElementById("chart");
const readout = document.getElementById("chart-readout");
const legend = document.getElementById("chart-legend");
const { joined, names, series } = JSON.parse(box.dataset.drawn);
const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(locale);

// Colour and, for lines, shape: neither says it alone.
const LOOKS = {
  answered: ["--good", "circle"], lost: ["--bad", "rect"], short_abandoned: ["--mute", "circle"], outgoing: ["--info", "circle"],
  service_level: ["--good", "circle"], abandon_share: ["--bad", "rect"], occupancy: ["--accent", "circle"],
  average_speed_of_answer: ["--info", "circle"], average_handling_time: ["--violet", "rect"],
};
const stacks = { answered: "in", lost: "in", short_abandoned: "in", outgoing: "out" };

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const write = (value, unit) => (value === null ? "–" : unit === "share" ? percent.format(value) : unit === "seconds" ? duration(value) : whole.format(value));
// Days lie close together: without their year.
const short = (name) => (/^\d{4}-\d\d-\d\d$/.test(name) ? name.slice(5) : name.replace(/:00–.*$/, ""));

function options() {
  const [ink, edge, surface] = [token("--ink-2"), token("--edge"), token("--surface")];
  const unit = series[0].unit;
  return {
    animation: false,
    backgroundColor: surface,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 12, right: 16, top: 16, bottom: 8, containLabel: true },
    xAxis: { type: "category", data: names.map(short), axisLine: { lineStyle: { color: edge } }, axisTick: { show: false }, axisLabel: { color: ink, hideOverlap: true } },
    yAxis: {
      type: "value", min: 0, max: unit === "share" ? 1 : undefined, minInterval: unit === "count" ? 1 : undefined,
      axisLabel: { color: ink, formatter: (value) => write(value, unit) }, splitLine: { lineStyle: { color: edge } },
    },
    series: series.map((one) => ({
      name: one.name, type: joined ? "line" : "bar", stack: stacks[one.key], data: one.values, barMaxWidth: 36,
      symbol: LOOKS[one.key][1], symbolSize: 9, connectNulls: false, cursor: one.hrefs.some(Boolean) ? "pointer" : "default",
      itemStyle: { color: token(LOOKS[one.key][0]) }, lineStyle: { color: token(LOOKS[one.key][0]), width: 2 },
      emphasis: { itemStyle: { color: token(LOOKS[one.key][0]), borderColor: token("--ink"), borderWidth: 1 } },
    })),
  };
}

function showLegend() {
  legend.replaceChildren(...series.map((one) => {
    const mark = el("span", { class: `legend-mark legend-${LOOKS[one.key][1]}` });
    mark.style.background = token(LOOKS[one.key][0]);
    return el("li", {}, mark, one.name);
  }));
}

const chart = window.echarts.init(box, null, { renderer: "canvas" });
chart.setOption(options());
showLegend();

const resting = readout.textContent;
chart.on("mouseover", ({ dataIndex, seriesIndex }) => {
  const one = series[seriesIndex];
  readout.textContent = t("{row} · {figure}: {value}", { row: names[dataIndex], figure: one.name, value: write(one.values[dataIndex], one.unit) });
});
chart.on("mouseout", () => (readout.textContent = resting));
chart.on("click", ({ dataIndex, seriesIndex }) => {
  const href = series[seriesIndex].hrefs[dataIndex];
  if (href) location.assign(href);
});

new ResizeObserver(() => chart.resize()).observe(box);
new MutationObserver(() => (chart.setOption(options()), showLegend()))
  .observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
box.dataset.ready = "yes";
