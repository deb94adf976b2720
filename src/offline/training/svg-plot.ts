import { escaped } from '../reports/escaped.ts';

/** A line or a cloud of points in one plot. */
export interface PlotSeries {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly style: 'line' | 'dots' | 'dashes';
  readonly colour: string;
}

export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xRange: readonly [number, number];
  readonly yRange: readonly [number, number];
  readonly series: readonly PlotSeries[];
}

const width = 460;
const height = 330;
const left = 66;
const right = 14;
/** Title, and below it the names of the lines, so that they cover none. */
const top = 50;
const bottom = 46;
/** Of one letter at the size of the labels, rounded up. */
const letterWidth = 6.2;

/** A plot as SVG text that stands by itself: no script, no font, nothing fetched. */
export function svgPlot(plot: Plot): string {
  const [x0, x1] = plot.xRange;
  const [y0, y1] = plot.yRange;
  // What lies outside of the ranges is drawn at their edge, not over the labels.
  const share = (value: number, from: number, to: number): number =>
    Math.min(1, Math.max(0, (value - from) / (to - from)));
  const x = (value: number): string => (left + share(value, x0, x1) * (width - left - right)).toFixed(1);
  const y = (value: number): string =>
    (height - bottom - share(value, y0, y1) * (height - top - bottom)).toFixed(1);
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const grid = ticks
    .map((share) => {
      const xValue = x0 + share * (x1 - x0);
      const yValue = y0 + share * (y1 - y0);
      return `<path d="M${x(xValue)} ${y(y0)}V${y(y1)}M${x(x0)} ${y(yValue)}H${x(x1)}" stroke="var(--line)" fill="none"/><text x="${x(xValue)}" y="${height - bottom + 16}" text-anchor="middle">${tick(xValue)}</text><text x="${left - 6}" y="${Number(y(yValue)) + 4}" text-anchor="end">${tick(yValue)}</text>`;
    })
    .join('');
  const drawn = plot.series.map((series) => shape(series, x, y)).join('');
  let legendAt = left;
  const legend = plot.series
    .map(({ name, colour }) => {
      const at = legendAt;
      legendAt += name.length * letterWidth + 30;
      return `<path d="M${at} 35h14" stroke="${colour}" stroke-width="3"/><text x="${at + 18}" y="39">${escaped(name)}</text>`;
    })
    .join('');
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(plot.title)}"><text x="${left}" y="18" class="title">${escaped(plot.title)}</text>${grid}${drawn}${legend}<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">${escaped(plot.xLabel)}</text><text transform="translate(13 ${(height - bottom + top) / 2}) rotate(-90)" text-anchor="middle">${escaped(plot.yLabel)}</text></svg>`;
}

function shape(series: PlotSeries, x: (value: number) => string, y: (value: number) => string): string {
  if (series.style === 'dots')
    return series.points
      .map(([px, py]) => `<circle cx="${x(px)}" cy="${y(py)}" r="3.2" fill="${series.colour}"/>`)
      .join('');
  const path = series.points.map(([px, py], index) => `${index === 0 ? 'M' : 'L'}${x(px)} ${y(py)}`).join('');
  const dash = series.style === 'dashes' ? ' stroke-dasharray="5 4"' : '';
  return `<path d="${path}" fill="none" stroke="${series.colour}" stroke-width="1.6"${dash}/>`;
}

/** Bars with their names, the longest first as given. */
export function svgBars(
  title: string,
  bars: readonly { readonly name: string; readonly value: number }[],
): string {
  const most = Math.max(...bars.map(({ value }) => value), 1e-9);
  const names = 14 + letterWidth * Math.max(...bars.map(({ name }) => name.length), 0);
  const figures = 52;
  const longest = Math.max(40, width - names - figures - 12);
  const rows = bars
    .map(({ name, value }, index) => {
      const at = 32 + index * 18;
      const length = (value / most) * longest;
      return `<text x="${names}" y="${at + 11}" text-anchor="end">${escaped(name)}</text><rect x="${names + 6}" y="${at}" width="${length.toFixed(1)}" height="13" fill="var(--blue)"/><text x="${(names + 12 + length).toFixed(1)}" y="${at + 11}">${(100 * value).toFixed(1)} %</text>`;
    })
    .join('');
  const all = Math.max(width, names + figures + 12 + 40);
  return `<svg viewBox="0 0 ${all} ${32 + 18 * bars.length + 16}" role="img" aria-label="${escaped(title)}"><text x="14" y="18" class="title">${escaped(title)}</text>${rows}</svg>`;
}

function tick(value: number): string {
  return Math.abs(value) >= 10 ? value.toFixed(0) : Number(value.toPrecision(2)).toString();
}
