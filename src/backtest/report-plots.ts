/** Which plots a report has. */
import type { Plot } from './draw-plots.ts';
import type { BacktestReport, CandidateReport } from './report.ts';

/** Colours that people who do not tell red from green tell apart (M. Okabe, K. Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;
const GREY = '#888888';
const colour = (index: number): string => COLOURS[index % COLOURS.length] ?? GREY;
const SIDES_SHOWN = 6;

export function plotsOf(report: BacktestReport): readonly Plot[] {
  const swept = report.candidates.filter(({ varies }) => varies !== null);
  return [...(swept.length > 1 ? sweepPlots(swept) : []), alertsPlot(report)];
}

function sweepPlots(swept: readonly CandidateReport[]): readonly Plot[] {
  const words = swept.map(({ varies }) => varies?.value ?? '');
  const x = { label: swept[0]?.varies?.param ?? '', values: words.map((_, i) => i), words };
  const rules = swept[0]?.varies?.rules ?? [];
  const ofRule = (rule: string, what: 'precision' | 'recall'): (number | null)[] =>
    swept.map(({ rules: all }) => all.find((one) => one.rule === rule)?.[what].value ?? null);
  return [
    {
      title: 'Precision and recall of the rules that read the parameter, by its value', x,
      lines: rules.flatMap((rule, i) => [
        { label: `${rule} precision`, values: ofRule(rule, 'precision'), colour: colour(i), isShare: true },
        { label: `${rule} recall`, values: ofRule(rule, 'recall'), colour: colour(i), dashed: true,
          isShare: true },
      ]),
    },
    ...rules.slice(0, SIDES_SHOWN).map((rule) =>
      curve(`Precision over recall of ${rule}`, swept.map(({ rules: all }) => {
      const found = all.find((one) => one.rule === rule);
      return { recall: found?.recall.value ?? null, y: found?.precision.value ?? null };
    }))),
    curve('Precision over recall of the whole policy (outcome above approve)',
      swept.map(({ flagged }) => ({ recall: flagged.recall.value, y: flagged.precision.value }))),
    {
      title: 'Payments flagged and payments stopped, by value', x,
      lines: [
        { label: 'flagged', values: swept.map(({ flagged }) => flagged.payments), colour: colour(0) },
        { label: 'stopped', values: swept.map(({ stopped }) => stopped.payments), colour: colour(1) },
      ],
    },
  ];
}

interface Point { readonly recall: number | null; readonly y: number | null }

function curve(title: string, points: readonly Point[]): Plot {
  const sorted = points.flatMap(({ recall, y }) => (recall === null ? [] : [{ recall, y }]))
    .toSorted((a, b) => a.recall - b.recall);
  return {
    title, x: { label: 'recall', values: sorted.map(({ recall }) => recall) },
    lines: [{ label: 'precision', values: sorted.map(({ y }) => y), colour: colour(2), isShare: true }],
  };
}

function alertsPlot(report: BacktestReport): Plot {
  const sides = [report.baseline, ...report.candidates].slice(0, SIDES_SHOWN);
  const days = report.baseline.alerts.by_day;
  const capacity = report.capacity_per_day;
  return {
    title: 'Alerts a day', x: { label: 'day (UTC)', values: days.map(({ day }) => Date.parse(day) / 1_000),
      isTime: true },
    lines: [
      ...sides.map(({ name, alerts }, i) =>
        ({ label: name, values: alerts.by_day.map((one) => one.alerts), colour: colour(i) })),
      ...(capacity === null ? []
        : [{ label: 'capacity', values: days.map(() => capacity), colour: GREY, dashed: true }]),
    ],
  };
}
