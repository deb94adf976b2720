// The plan of the house as data: which room may import which. ESLint (eslint.config.js), dependency-cruiser
// (.dependency-cruiser.js, `npm run lint:house`) and the table in CONTRIBUTING.md all stand on this one list.

/** What every wing may import: the pure rooms, and the words that programs share. */
export const shared = [
  'decision',
  'drain',
  'learning',
  'wire',
  'formats',
  'api',
  'ports',
  'errors',
  'patience',
  'telemetry',
];

/**
 * Rooms from the ground up. `may` names rooms under src/, a room's own files left out; `pure` rooms have no clock, no chance,
 * no environment and no packages.
 */
export const rooms = [
  { room: 'errors', may: [], pure: true, holds: 'errors that read as a sentence' },
  { room: 'patience', may: [], holds: 'attempts, and the pauses between them' },
  { room: 'decision', may: [], pure: true, holds: 'the pipeline: from candidates to an answer' },
  { room: 'drain', may: [], pure: true, holds: 'the drain machine: notices and observations in, steps out' },
  {
    room: 'learning',
    may: [],
    pure: true,
    holds: 'features, label, trees, calibration, metrics, ONNX bytes',
  },
  { room: 'wire', may: ['decision', 'errors'], pure: true, holds: 'the lazy reader of autoscaler requests' },
  {
    room: 'formats',
    may: ['decision', 'learning', 'errors'],
    holds: 'what one program writes and another reads',
  },
  {
    room: 'ports',
    may: ['decision', 'drain', 'learning', 'formats'],
    holds: 'interfaces that adapters implement',
  },
  { room: 'api', may: ['decision', 'ports', 'errors'], holds: "our own API's words" },
  { room: 'telemetry', may: ['ports'], holds: 'log, clock, lines that are not repeated' },
  { room: 'config', may: ['decision', 'drain', 'errors', 'formats'], holds: 'settings, read once' },
  { room: 'aws', may: ['errors', 'patience'], holds: 'patience with AWS' },
  {
    room: 'server/recording',
    may: shared,
    holds: 'requests kept for replay',
  },
  { room: 'server/fleet', may: shared, holds: "live signals of the fleet, the fleet's own hazard" },
  { room: 'server/knowledge', may: shared, holds: 'what decisions look up, kept fresh; risk models' },
  { room: 'server/advisor', may: shared, holds: 'our own API: Rank, Evaluate, Explain, ListPools' },
  {
    room: 'server/expander',
    may: [...shared, 'server/recording'],
    holds: 'one BestOptions call from bytes to bytes; capacity memory',
  },
  {
    room: 'server/telemetry',
    may: [...shared, 'server/recording', 'server/knowledge', 'server/advisor', 'server/expander'],
    holds: "the server's events, each as its metric and its log line",
  },
  { room: 'agent', may: shared, holds: "the agent's loops: watch, drain, tell" },
  { room: 'offline/reports', may: [], pure: true, holds: 'tables and escapes of what is written for people' },
  { room: 'offline/history', may: shared, holds: 'price history in every form' },
  { room: 'offline/collect', may: shared, holds: 'prices and facts, collected' },
  {
    room: 'offline/training',
    may: [...shared, 'offline/history', 'offline/reports'],
    holds: 'models, verdicts, reports',
  },
  {
    room: 'offline/simulate',
    // Signals of a simulated fleet go the way that the server's go.
    may: [...shared, 'offline/history', 'offline/training', 'offline/reports', 'server/fleet'],
    holds: 'scale-ups replayed on real prices',
  },
  {
    room: 'adapters/*',
    may: [...shared, 'aws'],
    holds: 'one package family a folder: gRPC, EC2, ONNX, Kubernetes, …; never each other',
  },
  { room: 'processes', may: ['*'], holds: 'composition roots, one folder a program; nobody imports them' },
];

/** Packages that are heavy, or whose words must not spread, and the one place that imports each. */
export const onePlacePackages = {
  '@aws-sdk/client-ec2': ['src/adapters/ec2'],
  '@aws-sdk/client-auto-scaling': ['src/adapters/autoscaling'],
  '@aws-sdk/client-s3': ['src/adapters/s3'],
  '@smithy/core': ['src/aws'],
  'onnxruntime-node': ['src/adapters/onnx'],
  '@grpc/grpc-js': ['src/adapters/grpc'],
  '@grpc/proto-loader': ['src/adapters/grpc'],
  '@grpc/reflection': ['src/adapters/grpc'],
  'grpc-health-check': ['src/adapters/grpc'],
  '@kubernetes/client-node': ['src/adapters/kubernetes'],
  hyparquet: ['src/adapters/parquet'],
  'hyparquet-writer': ['src/adapters/parquet'],
  'prom-client': ['src/telemetry', 'src/server/telemetry', 'src/agent'],
  pino: ['src/telemetry'],
};
