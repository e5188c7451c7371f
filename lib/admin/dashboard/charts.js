import { drawing, setAttributes } from "./elements.js";

/** Latencies below this are drawn flat, so that noise does not look like trouble. */
const FLAT_MS = 5;
const PLACES = 60;
const WIDTH = 120;
const HEIGHT = 24;
const MARGIN = 2;

/** A line of latencies, oldest first; the newest is at the right edge and has a dot. */
export class Sparkline {
  #line = drawing("polyline");
  #dot = drawing("circle", { r: 2 });
  node = drawing(
    "svg",
    { "class": "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" },
    this.#line,
    this.#dot,
  );

  /** @param {readonly number[]} values Milliseconds. */
  update(values) {
    const top = Math.max(FLAT_MS, ...values);
    const points = values.map((value, at) => {
      const x = WIDTH - MARGIN - (values.length - 1 - at) * ((WIDTH - 2 * MARGIN) / (PLACES - 1));
      const y = HEIGHT - MARGIN - (value / top) * (HEIGHT - 2 * MARGIN);
      return [x.toFixed(1), y.toFixed(1)];
    });
    const [x, y] = points.at(-1) ?? [-10, -10];
    setAttributes(this.#line, { points: points.map((point) => point.join()).join(" ") });
    setAttributes(this.#dot, { cx: x, cy: y });
  }
}

const BAR_HEIGHT = 30;

/** Draws one bar for each value, the last one being the newest. */
export function drawBars(svg, values) {
  const top = Math.max(1, ...values);
  setAttributes(svg, { viewBox: `0 0 ${values.length * 4} ${BAR_HEIGHT}` });
  while (svg.childElementCount < values.length) svg.append(drawing("rect", { width: 3 }));
  while (svg.childElementCount > values.length) svg.lastElementChild.remove();
  values.forEach((value, at) => {
    const height = Math.max(1, (value / top) * BAR_HEIGHT);
    setAttributes(svg.children[at], { x: at * 4, y: BAR_HEIGHT - height, height });
  });
}
