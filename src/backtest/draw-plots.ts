/**
 * What draws the plots, in the reader's browser. INVARIANT: `drawPlots` goes into the page as its own text,
 * so
 * it uses nothing but its arguments and the page.
 */
export interface Plot {
  readonly title: string;
  readonly x: { readonly label: string; readonly values: readonly number[]; readonly isTime?: boolean;
    /** Stand on the axis in the place of the numbers. */
    readonly words?: readonly string[] };
  readonly lines: readonly { readonly label: string; readonly values: readonly (number | null)[];
    readonly colour: string; readonly dashed?: boolean; readonly isShare?: boolean }[];
}

interface Box { append(...boxes: unknown[]): void; textContent: string }
interface Page { createElement(name: string): Box; getElementById(id: string): Box | null }
type Draws = new (options: object, data: readonly unknown[], into: Box) => object;

export function drawPlots(uPlot: Draws, page: Page, plots: readonly Plot[]): void {
  const into = page.getElementById('plots');
  for (const { title, x, lines } of plots) {
    const figure = page.createElement('figure');
    const caption = page.createElement('figcaption');
    caption.textContent = title;
    figure.append(caption);
    into?.append(figure);
    const percent = (value: number | null): string => (value === null ? '' : `${(100 * value).toFixed(1)} %`);
    const isShare = lines.every((line) => line.isShare === true);
    const words = x.words;
    const nameOf = (value: number): string =>
      (words === undefined ? `${value}` : words[x.values.indexOf(value)] ?? '');
    new uPlot({
      width: 720, height: 300, scales: { x: { time: x.isTime === true },
        ...(isShare ? { y: { range: [0, 1] } } : {}) },
      series: [
        { label: x.label, ...(words === undefined ? {}
          : { value: (_: unknown, value: number | null) => (value === null ? '' : nameOf(value)) }) },
        ...lines.map((line) => ({
          label: line.label, stroke: line.colour, width: 2, points: { show: x.values.length < 60, size: 6 },
          ...(line.dashed === true ? { dash: [6, 4] } : {}),
          ...(line.isShare === true ? { value: (_: unknown, value: number | null) => percent(value) } : {}),
        })),
      ],
      axes: [
        { label: x.label, ...(words === undefined ? {} : { splits: () => x.values,
          values: (_: unknown, values: readonly number[]) => values.map(nameOf) }) },
        { size: 70, ...(isShare
          ? { values: (_: unknown, values: readonly number[]) =>
            values.map((one) => `${Math.round(100 * one)} %`) } : {}) },
      ],
    }, [x.values, ...lines.map(({ values }) => values)], figure);
  }
}
