// A plot over steps or rates, drawn by uPlot in the page's own colors.
import { useEffect, useRef, useState } from "preact/hooks";
import { number, whole } from "studio/format";
import { html } from "studio/html";

export const RUN_COLORS = ["var(--accent)", "var(--above)", "#009E73", "#CC79A7", "#B8960C", "#8C6BB1", "#7F7F7F"];

// The color that a CSS color has here: in the light, or in the dark.
function inked(element, css) {
  element.style.color = css;
  return getComputedStyle(element).color;
}

function useScheme() {
  const [isDark, set] = useState(matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const media = matchMedia("(prefers-color-scheme: dark)"), follow = () => set(media.matches);
    media.addEventListener("change", follow);
    return () => media.removeEventListener("change", follow);
  }, []);
  return isDark;
}

const tick = (value) => (Math.abs(value) >= 1000 && Number.isInteger(value) ? whole(value) : number(value, 3));

// lines: {label, x, y, color, dash, width}. at: where a vertical line stands. onPick: of an x.
export function Plot({ lines, label, at, onPick, xName = "step", logX = false, logY = false, top }) {
  const place = useRef(), probe = useRef(), plot = useRef(), now = useRef({});
  const isDark = useScheme();
  now.current = { at, onPick };
  const shape = JSON.stringify([lines.map((l) => [l.label, l.color, l.dash, l.width]), logX, logY, isDark, top, xName]);
  const data = () => uPlot.join(lines.map(({ x, y }) => [x, logY ? y.map((v) => (v > 0 ? v : null)) : y]));

  useEffect(() => {
    const color = (css) => inked(probe.current, css);
    const axis = { stroke: color("var(--faint)"), grid: { stroke: color("var(--line)"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    const made = new uPlot({
      width: place.current.clientWidth, height: 240, legend: { markers: { width: 2, dash: (u, i) => (lines[i - 1]?.dash ? "dashed" : "solid") } }, cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      scales: { x: { time: false, distr: logX ? 3 : 1 }, y: { distr: logY ? 3 : 1, ...(top === undefined ? {} : { range: (u, low) => [Math.min(low, 0), top] }) } },
      axes: [{ ...axis, size: 28, label: xName, labelSize: 18, labelGap: 0, labelFont: "12px system-ui", values: (u, all) => all.map((v) => (v === null ? "" : tick(v))) },
        { ...axis, size: 62, values: (u, all) => all.map((v) => (v === null ? "" : tick(v))) }],
      series: [{ label: xName, value: (u, v) => (v === null ? "" : tick(v)) }, ...lines.map((line) => ({
        label: line.label, stroke: color(line.color), width: line.width ?? 1.5, dash: line.dash, spanGaps: true, pxAlign: 0,
        points: { show: line.x.length < 2 }, value: (u, v) => number(v),
      }))],
      hooks: { draw: [(u) => marks(u, now.current.at, color("var(--ink)"))] },
    }, data(), place.current);
    made.over.addEventListener("click", () => {
      const { left } = made.cursor;
      if (left >= 0) now.current.onPick?.(made.posToVal(left, "x"));
    });
    plot.current = made;
    const watch = new ResizeObserver(() => place.current && made.setSize({ width: place.current.clientWidth, height: 240 }));
    watch.observe(place.current);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(data()), [lines]);
  useEffect(() => plot.current?.redraw(false), [at]);
  return html`<div class="plot" role="img" aria-label=${label}><i ref=${probe} hidden></i><div ref=${place}></div></div>`;
}

// A vertical line at the step that is looked at.
function marks(u, at, color) {
  if (at === undefined || at === null || at < u.scales.x.min || at > u.scales.x.max) return;
  const x = Math.round(u.valToPos(at, "x", true)), { top, height } = u.bbox;
  u.ctx.save();
  u.ctx.strokeStyle = color;
  u.ctx.lineWidth = devicePixelRatio;
  u.ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  u.ctx.beginPath();
  u.ctx.moveTo(x, top);
  u.ctx.lineTo(x, top + height);
  u.ctx.stroke();
  u.ctx.restore();
}
