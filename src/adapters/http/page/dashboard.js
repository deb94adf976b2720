// @ts-check
// The dashboard's script: asks the server's own JSON API and writes text. Whatever the API says is text, never markup.

/** @typedef {Record<string, any>} Fields */

const everyMs = 10_000;
/** A region's pools are some hundred kilobytes and change with prices, every few minutes. */
const poolsEveryMs = 60_000;
const requestMs = 8_000;
const shownPools = 50;
const mostPoolPages = 10;

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @param {string} tag
 * @param {string | readonly Node[]} content
 * @param {string} [kind]
 */
function made(tag, content, kind) {
  const one = document.createElement(tag);
  if (kind !== undefined) one.className = kind;
  if (typeof content === 'string') one.textContent = content;
  else one.append(...content);
  return one;
}

/** @param {string} path @returns {Promise<Fields>} */
async function fetchJson(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(requestMs) });
  if (!response.ok) throw new Error(`${path} answers ${response.status}`);
  return response.json();
}

/** @param {unknown} value @param {number} digits */
const number = (value, digits) => (typeof value === 'number' ? value.toFixed(digits) : '–');
/** @param {unknown} value */
const percent = (value) => (typeof value === 'number' ? `${(100 * value).toFixed(1)} %` : '–');
/** @param {string} time */
const clock = (time) => `${time.slice(0, 19).replace('T', ' ')} UTC`;

/** @param {unknown} seconds */
function age(seconds) {
  if (typeof seconds !== 'number') return 'never';
  const units = /** @type {const} */ ([
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
  ]);
  const [name, size] = units.find(([, unit]) => seconds >= 2 * unit) ?? ['s', 1];
  return `${Math.round(seconds / size)} ${name}`;
}

/**
 * @typedef {{ readonly title: string, readonly of: (row: Fields) => string, readonly kind?: string }} Column
 * @param {readonly Column[]} columns
 * @param {readonly Fields[]} rows
 */
function table(columns, rows) {
  const head = made(
    'tr',
    columns.map(({ title, kind }) => made('th', title, kind)),
  );
  const body = rows.map((row) =>
    made(
      'tr',
      columns.map(({ of, kind }) => made('td', of(row), kind)),
    ),
  );
  return made('div', [made('table', [made('thead', [head]), made('tbody', body)])], 'scroll');
}

const kindOfStatus = /** @type {Fields} */ ({ healthy: 'good', degraded: 'warn', unavailable: 'bad' });

/** @param {Fields} health */
function showHealth(health) {
  element('identity').textContent = `${health['version']}, ${health['mode']} mode, ${health['region']}`;
  const reasons = /** @type {readonly string[]} */ (health['reasons']);
  element('reasons').replaceChildren(
    ...(reasons.length === 0
      ? [made('li', 'everything that is configured', 'good')]
      : reasons.map((reason) => made('li', reason, 'warn'))),
  );
  const ends = health['transport'].certificate.validToMs;
  const daysLeft = (ends - Date.now()) / 86_400_000;
  const ages = /** @type {Fields} */ (health['age_seconds']);
  const facts = [
    ['Risk model', String(health['risk'].model ?? 'none')],
    ['Pools scored', String(health['risk'].pools)],
    ['Pools with a price', String(health['spot_prices'].pools)],
    ...Object.entries(ages).map(([source, seconds]) => [
      `Age of ${source.replaceAll('_', ' ')}`,
      age(seconds),
    ]),
    [
      'Certificate ends',
      `${clock(new Date(ends).toISOString())}, in ${Math.floor(daysLeft)} days`,
      daysLeft < 7 ? 'bad' : '',
    ],
    ['Certificate is for', String(health['transport'].certificate.subjectAltName)],
    ['gRPC connections', String(health['transport'].openConnections)],
  ];
  element('facts').replaceChildren(
    ...facts.flatMap(([name, value, kind]) => [made('dt', name ?? ''), made('dd', value ?? '', kind ?? '')]),
  );
}

/** @type {readonly Column[]} */
const hotColumns = [
  { title: 'Pool', of: (one) => one['pool'], kind: 'id' },
  { title: 'Signal', of: (one) => one['hot'].signal },
  { title: 'Heat', of: (one) => number(one['hot'].heat, 2), kind: 'number' },
  { title: 'Since', of: (one) => clock(one['hot'].since) },
  { title: 'Until', of: (one) => clock(one['hot'].until) },
];

/** @type {readonly Column[]} */
const candidateColumns = [
  { title: '', of: (one) => (one['rank'] > 0 ? String(one['rank']) : '–'), kind: 'number' },
  { title: 'Candidate', of: (one) => one['id'], kind: 'id' },
  { title: 'Capacity', of: (one) => one['capacity_type'] },
  { title: 'Nodes', of: (one) => String(one['node_count']), kind: 'number' },
  { title: 'USD/h', of: (one) => number(one['price_per_hour'] ?? one['spot_price'], 4), kind: 'number' },
  { title: 'Crash', of: (one) => number(one['crash_probability'], 2), kind: 'number' },
  { title: 'Band', of: (one) => percent(one['historic_interrupt_rate']), kind: 'number' },
  { title: 'Yield', of: (one) => number(one['yield_score'], 1), kind: 'number' },
  {
    title: 'Why',
    of: (one) =>
      [one['explanation'] ?? one['filtered_reason'] ?? '', one['resting_because'] ?? '']
        .filter((part) => part !== '')
        .join('; '),
    kind: 'sentence',
  },
];

/** Decisions that are open keep their element, so that reading is not disturbed. @type {Map<string, HTMLElement>} */
const decisionElements = new Map();

/** @param {Fields} decision */
function decisionElement(decision) {
  const known = decisionElements.get(decision['decision_id']);
  if (known !== undefined) return known;
  const { step } = decision['degradation'];
  const answer = /** @type {readonly string[]} */ (decision['answer']);
  const title = made('summary', [
    made('span', `${clock(decision['time'])}  `, 'soft'),
    made(
      'span',
      decision['kind'] === 'scale-up' ? 'scale-up' : `${decision['kind']} ${decision['request'].question}`,
    ),
    made('span', ' → '),
    made('strong', answer.length > 3 ? `${answer.length} ids` : answer.join(', ') || 'nothing'),
    made('span', `  ${step}`, step === 'model' ? 'good' : 'warn'),
  ]);
  const body = made('div', '');
  const one = made('details', [title, body]);
  one.addEventListener('toggle', () => {
    if (body.childElementCount === 0) void showDecision(decision['decision_id'], body);
  });
  decisionElements.set(decision['decision_id'], one);
  // /dashboard#DECISION_ID opens that decision: the id stands in the log line.
  if (location.hash === `#${decision['decision_id']}`) one.setAttribute('open', '');
  return one;
}

/** @param {string} id @param {HTMLElement} into */
async function showDecision(id, into) {
  try {
    const { decisions } = await fetchJson(`/api/v1/decisions?decision_id=${encodeURIComponent(id)}`);
    const [decision] = decisions;
    const sentences = [...new Set([decision.reason, ...decision.degradation.reasons, ...decision.remarks])];
    into.replaceChildren(
      made(
        'ul',
        sentences.map((sentence) => made('li', sentence)),
      ),
      table(candidateColumns, decision.candidates),
      made('p', `decision ${id}, ${decision.candidate_count} candidates`, 'soft'),
    );
  } catch (error) {
    into.replaceChildren(made('p', String(error), 'bad'));
  }
}

/** @param {readonly Fields[]} decisions */
function showDecisions(decisions) {
  const ids = new Set(decisions.map((one) => one['decision_id']));
  for (const id of decisionElements.keys()) if (!ids.has(id)) decisionElements.delete(id);
  element('decisions').replaceChildren(
    ...(decisions.length === 0
      ? [made('p', 'none since the start', 'soft')]
      : decisions.map(decisionElement)),
  );
}

/** @param {Fields} pool */
const perVcpu = (pool) =>
  typeof pool['spot_price'] === 'number' && pool['vcpu'] > 0 ? pool['spot_price'] / pool['vcpu'] : Infinity;

/** @type {readonly Column[]} */
const poolColumns = [
  { title: 'Pool', of: (one) => one['pool'], kind: 'id' },
  { title: 'vCPU', of: (one) => number(one['vcpu'], 0), kind: 'number' },
  { title: 'GiB', of: (one) => number(one['memory_gb'], 0), kind: 'number' },
  { title: 'Architecture', of: (one) => one['architecture'] ?? '–' },
  { title: 'Spot USD/h', of: (one) => number(one['spot_price'], 4), kind: 'number' },
  {
    title: 'a vCPU',
    of: (one) => (perVcpu(one) === Infinity ? '–' : number(perVcpu(one), 4)),
    kind: 'number',
  },
  { title: 'On-demand', of: (one) => number(one['on_demand_price'], 4), kind: 'number' },
  { title: 'Band', of: (one) => percent(one['historic_interrupt_rate']), kind: 'number' },
  { title: 'Crash', of: (one) => number(one['crash_probability'], 2), kind: 'number' },
  { title: 'Expected', of: (one) => number(one['expected_frequency'], 4), kind: 'number' },
  { title: 'Risk from', of: (one) => one['risk_source'] ?? 'none' },
  {
    title: 'Hot',
    of: (one) => (one['hot'] === null ? '' : `${one['hot'].signal} ${number(one['hot'].heat, 2)}`),
  },
];

/** @type {Record<string, (a: Fields, b: Fields) => number>} */
const orders = {
  price: (a, b) => perVcpu(a) - perVcpu(b),
  risk: (a, b) => (b['crash_probability'] ?? -1) - (a['crash_probability'] ?? -1) || perVcpu(a) - perVcpu(b),
  band: (a, b) =>
    (b['historic_interrupt_rate'] ?? -1) - (a['historic_interrupt_rate'] ?? -1) || perVcpu(a) - perVcpu(b),
};

/** @type {readonly Fields[]} */
let pools = [];
let poolsAtMs = 0;

function showPools() {
  const order = orders[/** @type {HTMLSelectElement} */ (element('order')).value] ?? (() => 0);
  const sorted = pools.toSorted((a, b) => order(a, b) || (a['pool'] < b['pool'] ? -1 : 1));
  element('pool-count').textContent = `${Math.min(shownPools, pools.length)} of ${pools.length} shown`;
  element('pools').replaceChildren(table(poolColumns, sorted.slice(0, shownPools)));
}

/** @returns {Promise<readonly Fields[]>} */
async function askedPools() {
  const prefix = /** @type {HTMLInputElement} */ (element('prefix')).value.trim();
  const found = [];
  let token = '';
  for (let page = 0; page < mostPoolPages; page += 1) {
    const query = new URLSearchParams({ page_size: '1000', instance_type_prefix: prefix, page_token: token });
    const answer = await fetchJson(`/api/v1/pools?${query}`);
    found.push(...answer['pools']);
    token = answer['next_page_token'];
    if (token === '') break;
  }
  return found;
}

async function refresh() {
  const status = element('status');
  try {
    const [health, decisions, hot, all] = await Promise.all([
      fetchJson('/health'),
      fetchJson('/api/v1/decisions?last=20&without_candidates=true'),
      fetchJson('/api/v1/pools?hot_only=true&page_size=100'),
      Date.now() - poolsAtMs < poolsEveryMs ? pools : askedPools(),
    ]);
    if (all !== pools) poolsAtMs = Date.now();
    pools = all;
    showHealth(health);
    showDecisions(decisions['decisions']);
    element('hot').replaceChildren(
      hot['total'] === 0 ? made('p', 'none', 'good') : table(hotColumns, hot['pools']),
    );
    showPools();
    status.textContent = `${health['status']}, ${clock(new Date().toISOString())}`;
    status.className = kindOfStatus[health['status']] ?? '';
  } catch (error) {
    status.textContent = `the server does not answer: ${String(error)}`;
    status.className = 'bad';
  }
}

const refreshing = /** @type {HTMLInputElement} */ (element('refreshing'));
element('order').addEventListener('change', showPools);
element('prefix').addEventListener('change', () => {
  poolsAtMs = 0;
  void refresh();
});
await refresh();
setInterval(() => {
  if (refreshing.checked && !document.hidden) void refresh();
}, everyMs);
