/** Asks the registry about known vulnerabilities and signatures of what package-lock.json names; what it refuses is said. */
import { spawnSync } from 'node:child_process';

/** Registries that mirror packages alone answer so, and a machine without the network does not answer. */
const refusal =
  /\b(404|405|501) |Not Found|Method Not Allowed|Not Implemented|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|network connectivity|found no installed dependencies to audit that have/i;

const checks = [
  { name: 'known vulnerabilities in what is installed with the program', args: ['audit', '--omit=dev'] },
  { name: 'signatures of all packages', args: ['audit', 'signatures'] },
] as const;

let failed = false;
for (const { name, args } of checks) {
  const { status, stdout, stderr, error } = spawnSync('npm', args, { encoding: 'utf8', timeout: 120_000 });
  const said = `${stdout}\n${stderr}`;
  if (status === 0) console.log(`${name}: none amiss\n${stdout.trim()}`);
  else if (error !== undefined || refusal.test(said))
    console.log(
      `skipped: ${name}: this registry does not answer npm ${args.join(' ')}; ask registry.npmjs.org itself (npm config get registry names yours)`,
    );
  else {
    failed = true;
    console.error(`${name}:\n${said.trim()}`);
  }
}
process.exitCode = failed ? 1 : 0;
