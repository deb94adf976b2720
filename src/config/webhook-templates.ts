/** Bodies as these receivers want them: an incoming webhook of Slack, a workflow of Teams, PagerDuty's Events API v2. */
export const readyTemplates = {
  slack: JSON.stringify({
    text: '*{{reason}}* {{node}} ({{instanceType}} {{instanceId}} in {{zone}}): {{message}}',
  }),
  teams: JSON.stringify({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            { type: 'TextBlock', size: 'Medium', weight: 'Bolder', text: '{{reason}} {{node}}' },
            { type: 'TextBlock', wrap: true, text: '{{message}}' },
            {
              type: 'FactSet',
              facts: [
                { title: 'Instance', value: '{{instanceId}}' },
                { title: 'Type', value: '{{instanceType}}' },
                { title: 'Zone', value: '{{zone}}' },
                { title: 'Time', value: '{{time}}' },
              ],
            },
          ],
        },
      },
    ],
  }),
  pagerduty: JSON.stringify({
    routing_key: '{{key}}',
    event_action: 'trigger',
    dedup_key: '{{id}}',
    payload: {
      summary: '{{reason}} {{node}}: {{message}}',
      source: '{{node}}',
      severity: 'warning',
      timestamp: '{{time}}',
      component: '{{instanceType}}',
      group: '{{zone}}',
      class: '{{reason}}',
      custom_details: { instance: '{{instanceId}}', id: '{{id}}' },
    },
  }),
} as const;

export const webhookFormats = ['json', 'slack', 'teams', 'pagerduty'] as const;

/** What a template can name: the fields of a message, and what `webhook_key_file` holds. */
export const templatePlaces = [
  'id',
  'reason',
  'message',
  'node',
  'instanceId',
  'instanceType',
  'zone',
  'time',
  'key',
] as const;
