import type { BrakeNews } from '#decisioning/rule-brake.ts';

export const brakeLine = (news: BrakeNews): string => (news.kind === 'brake_failed'
  ? `brake: nothing was put in shadow: ${news.because}`
  : `brake: ${news.kind}: rule ${news.rule} of ${news.policy}: ${news.because}`);
