/** What a node of a fleet tells of itself in /metrics. */
import type { Measurement } from '#api/parts.ts';
import type { FleetNode } from '#fleet/fleet-node.ts';

const STATES = ['closed', 'half_open', 'open'] as const;

type Measured = Pick<FleetNode, 'logs' | 'shadow' | 'waiting' | 'rescored'>;

export function fleetMeasurements({ logs, shadow, waiting, rescored }: Measured): readonly Measurement[] {
  return [
    {
      name: 'assay_windows_breaker', type: 'gauge',
      help: 'State of the breaker of the shared logs: one is 1.',
      samples: STATES.map((state) => [{ state }, logs.breakerState === state ? 1 : 0]),
    },
    {
      name: 'assay_windows_hedged_total', type: 'counter',
      help: 'Calls of the shared logs that were asked a second time.', samples: [[{}, logs.counts.hedged]],
    },
    {
      name: 'assay_windows_not_asked_total', type: 'counter',
      help: 'Calls of the shared logs that the breaker kept back.',
      samples: [[{}, logs.counts.refusedByBreaker]],
    },
    {
      name: 'assay_journal_records', type: 'gauge',
      help: 'Records in the journal of this node that the topic has not taken yet.',
      samples: [[{}, waiting.records]],
    },
    {
      name: 'assay_journal_oldest_seconds', type: 'gauge',
      help: 'For how long the oldest of them has waited.',
      samples: [[{}, waiting.oldestMs / 1_000]],
    },
    {
      name: 'assay_shadow_without_windows_total', type: 'counter',
      help: 'Payments that were also decided without windows, by how that outcome differs.',
      samples: Object.entries(shadow).map(([difference, count]) => [{ difference }, count]),
    },
    {
      name: 'assay_rescored_total', type: 'counter',
      help: 'Payments that were decided without windows, by what they would have been with them.',
      samples: Object.entries(rescored).map(([difference, count]) => [{ difference }, count]),
    },
  ];
}
