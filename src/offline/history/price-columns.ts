/** Names of columns without case and punctuation; the first that a file has is taken. */
const columnNames = {
  time: ['timestamputc', 'timestamp', 'time', 'observedat', 'datetime', 'date'],
  region: ['region', 'awsregion'],
  zone: ['availabilityzone', 'az', 'zone', 'availabilityzoneid', 'zoneid'],
  type: ['instancetype', 'type', 'instance'],
  product: ['productdescription', 'product', 'os'],
  price: ['priceusd', 'spotprice', 'price'],
  onDemand: ['ondemandprice', 'ondemandusd', 'ondemand'],
} as const;

/** Where each column stands; −1 for one that is not there. */
export type Columns = Readonly<Record<keyof typeof columnNames, number>>;

/** The columns of a price history by their names; a sentence when one that is needed is missing. */
export function columnsIn(header: readonly string[]): Columns | string {
  const plain = header.map((name) => name.toLowerCase().replace(/[^a-z]/g, ''));
  const find = (names: readonly string[]): number => {
    for (const name of names) {
      const at = plain.indexOf(name);
      if (at >= 0) return at;
    }
    return -1;
  };
  const found: Columns = {
    time: find(columnNames.time),
    region: find(columnNames.region),
    zone: find(columnNames.zone),
    type: find(columnNames.type),
    product: find(columnNames.product),
    price: find(columnNames.price),
    onDemand: find(columnNames.onDemand),
  };
  const missing = (['time', 'zone', 'type', 'price'] as const).filter((column) => found[column] < 0);
  if (missing.length === 0) return found;
  // A file of another kind may begin with anything, and this is read on a terminal.
  const shown = header
    .slice(0, 12)
    .join(', ')
    .slice(0, 200)
    .replaceAll(/[^ -~]/g, '?');
  return `not a price history: no column for ${missing.join(', ')} among "${shown}"`;
}
