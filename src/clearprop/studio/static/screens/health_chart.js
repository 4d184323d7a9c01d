// Lines over steps on a log axis, drawn by uPlot, which leaves out what is 0, or next to it.
import { useEffect, useRef } from "preact/hooks";
import { number, whole } from "studio/format";
import { html } from "studio/html";

const TALL = 190;
const DECADES = 12; // of a log axis: what is smaller beside the largest is left out

// lines: [{name, values, color}], a color any that CSS knows; `label`: what a screen reader says.
export function Chart({ steps, lines, label }) {
  const place = useRef(null);
  useEffect(() => {
    const scheme = matchMedia("(prefers-color-scheme: dark)"), node = place.current;
    let plot;
    const paint = () => {
      plot?.destroy();
      plot = drawn(node, steps, lines);
    };
    paint();
    const watch = new ResizeObserver(() => plot.setSize({ width: node.clientWidth, height: TALL }));
    watch.observe(node);
    scheme.addEventListener("change", paint);
    return () => {
      watch.disconnect();
      scheme.removeEventListener("change", paint);
      plot.destroy();
    };
  }, [steps, lines]);
  return html`<div class="chart" ref=${place} role="img" aria-label=${label}></div>`;
}

function drawn(place, steps, lines) {
  const ink = (color) => {
    place.style.color = color;
    const found = getComputedStyle(place).color;
    place.style.color = "";
    return found;
  };
  const last = (line) => line.findLast((value) => value !== null) ?? null;
  const faint = ink("var(--faint)"), grid = { stroke: ink("var(--line)"), width: 1 };
  const top = Math.max(...lines.flatMap((line) => line.values.map((value) => value ?? 0)));
  const isSeen = (value) => value !== null && value > top * 10 ** -DECADES;
  const values = lines.map((line) => line.values.map((value) => (isSeen(value) ? value : null)));
  const least = Math.min(...values.flat().filter((value) => value !== null));
  const decade = (value, way) => 10 ** way(Math.log10(value));
  const range = !(top > 0) ? [0.1, 1] : [decade(least, Math.floor), decade(top * 1.0001, Math.ceil)];
  // Powers of ten alone are marked, and not so many that they touch.
  const apart = Math.ceil(Math.log10(range[1] / range[0]) / 5);
  const filter = (_, found) => found.map((value) => {
    const power = Math.log10(value), whole_ = Math.round(power);
    return Math.abs(power - whole_) < 1e-6 && whole_ % apart === 0 ? value : null;
  });
  return new uPlot({
    width: place.clientWidth, height: TALL,
    scales: { x: { time: false }, y: { distr: 3, range: () => range } },
    axes: [
      { stroke: faint, grid, ticks: grid, values: (_, found) => found.map((n) => (Number.isInteger(n) ? whole(n) : "")) },
      {
        stroke: faint, grid: { ...grid, filter }, ticks: { ...grid, filter }, filter, size: 62,
        values: (_, found) => found.map((v) => (v === null ? "" : number(v, 3).replace(".0e", "e"))),
      },
    ],
    series: [
      // Away from the drawing, the legend has the last numbers.
      { label: "step", value: (_, n) => whole(n ?? steps[steps.length - 1]) },
      ...lines.map(({ name, color, dash }, k) => ({
        label: name, stroke: ink(color), width: 2, dash, points: { show: steps.length < 3 },
        value: (_, v, __, at) => number(at == null ? last(lines[k].values) : v ?? lines[k].values[at], 3) || "none",
      })),
    ],
  }, [steps, ...values], place);
}
