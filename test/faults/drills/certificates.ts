import { X509Certificate } from 'node:crypto';
import { newLeaf, replaced, type Leaf } from '../certificates.ts';
import type { Drill } from '../drill.ts';
import { freshCall, shownCertificate } from '../fresh-client.ts';
import { answersRestOn, counted, logged, measured } from '../signs.ts';
import type { Stage } from '../stage.ts';

const loaded = [
  counted('spot_certificate_reloads_total', { result: 'loaded' }),
  logged('info', /a changed certificate is served from now on/),
];
const refused = counted('spot_certificate_reloads_total', { result: 'refused' });
const limits = { noticedWithinMs: 30_000, recoveredWithinMs: 30_000 };
const hourMs = 3_600_000;

function place({ world }: Stage, { cert, key }: Leaf): void {
  replaced(world.certFile, cert);
  replaced(world.keyFile, key);
}

/** What a client finds that comes now. */
async function newClientFinds({ world, problems }: Stage, leaf: Leaf): Promise<void> {
  const wanted = new X509Certificate(leaf.cert).fingerprint256;
  const shown = await shownCertificate(world.port);
  if (shown !== wanted) problems.push(`a new connection is shown the certificate ${shown}, not ${wanted}`);
  const outcome = await freshCall(world.port, world.root.cert);
  if (outcome !== 'answered') problems.push(`a new client got: ${outcome}`);
}

export const certificates: Drill = {
  name: 'certificate-changes',
  title: 'certificate rotated, mismatched, expired on disk',
  load: 'light',
  async run(stage) {
    const { root, certFile } = stage.world;
    const [second, third] = [await newLeaf(root), await newLeaf(root)];
    await stage.play({
      ...limits,
      what: 'certificate rotated',
      step: 'model',
      begin: () => place(stage, second),
      signs: loaded,
      end: () => newClientFinds(stage, second),
      recovery: [answersRestOn('model')],
    });
    await stage.play({
      ...limits,
      what: 'certificate replaced without its key',
      step: 'model, the old pair is served',
      begin: () => replaced(certFile, third.cert),
      signs: [refused, logged('error', /do not belong together/), answersRestOn('model')],
      end: async () => {
        await newClientFinds(stage, second);
        place(stage, third);
      },
      recovery: [...loaded, answersRestOn('model')],
    });
    await newClientFinds(stage, third);
    const ended = await newLeaf(root, { fromMs: Date.now() - 48 * hourMs, toMs: Date.now() - 24 * hourMs });
    const fourth = await newLeaf(root);
    await stage.play({
      ...limits,
      what: 'certificate replaced by an expired one',
      step: 'model, the old pair is served',
      begin: () => place(stage, ended),
      signs: [
        refused,
        logged('error', /has ended on .* the old certificate serves on|refused.*has ended/),
        answersRestOn('model'),
      ],
      end: async () => {
        await newClientFinds(stage, third);
        place(stage, fourth);
      },
      recovery: [...loaded, answersRestOn('model')],
    });
    await newClientFinds(stage, fourth);
  },
};

export const certificateEnds: Drill = {
  name: 'certificate-ends',
  title: 'certificate expires while it is served',
  load: 'light',
  async run(stage) {
    const { root, port } = stage.world;
    const livesMs = 25_000;
    const short = await newLeaf(root, { fromMs: Date.now() - hourMs, toMs: Date.now() + livesMs });
    const next = await newLeaf(root);
    const expiry = (now: { readonly sum: (name: string) => number }): number =>
      now.sum('spot_certificate_expiry_timestamp_seconds') - Date.now() / 1_000;
    await stage.play({
      what: 'certificate expires while it is served',
      step: 'model on open connections; new clients refuse it',
      begin: () => place(stage, short),
      signs: [
        logged('warn', /the served certificate ends on/),
        logged('error', /the served certificate has ended/),
        measured('spot_certificate_expiry_timestamp_seconds in the past', (now) => expiry(now) < 0),
        answersRestOn('model'),
      ],
      noticedWithinMs: 90_000,
      end: async () => {
        const outcome = await freshCall(port, root.cert);
        stage.mustBe(
          /expired/.test(outcome),
          `a new client should have refused the certificate and got: ${outcome}`,
        );
        place(stage, next);
      },
      recovery: [
        ...loaded,
        measured('the expiry in the future', (now) => expiry(now) > 0),
        answersRestOn('model'),
      ],
      recoveredWithinMs: 30_000,
    });
    await newClientFinds(stage, next);
  },
};
