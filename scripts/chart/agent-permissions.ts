/** Writes docs/agent-permissions.yaml: what the chart gives an agent and holds it to, for a release called spot-expander in kube-system. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { helmTools } from '../helm-tools.ts';

const chart = fileURLToPath(new URL('../../charts/spot-expander', import.meta.url));
const page = new URL('../../docs/agent-permissions.yaml', import.meta.url);

const head = `# What the agent may do: its own Node, the pods on it, and what tells others of it. Written by \`npm run docs\` out of the chart
# (templates/agent), for whoever installs without it. The Karpenter parts are needed where Karpenter is.
`;

/** The chart's own objects without Helm's labels. @throws with helm's words, or a sentence where there is no helm. */
export function agentPermissions(which: 'helm3' | 'helm4' = 'helm4'): string {
  const tools = helmTools();
  if (typeof tools === 'string') throw new Error(tools);
  const { status, stdout, stderr } = spawnSync(
    tools[which],
    [
      ...['template', 'spot-expander', chart, '--namespace', 'kube-system', '--set', 'region=ap-south-1'],
      ...['--set', 'agent.karpenter=true'],
      ...['--show-only', 'templates/agent/account.yaml', '--show-only', 'templates/agent/policies.yaml'],
    ],
    { encoding: 'utf8', timeout: 60_000 },
  );
  if (status !== 0) throw new Error(stderr);
  const lines: string[] = [];
  let isInLabels = false;
  for (const line of stdout.split('\n')) {
    // Only what Helm adds to metadata is indented so; labels of selectors are deeper or are named otherwise.
    if (line === '  labels:') isInLabels = true;
    else if (isInLabels && line.startsWith('    ')) continue;
    else {
      isInLabels = false;
      if (!line.startsWith('# Source:')) lines.push(line.trimEnd());
    }
  }
  return `${head}${lines
    .join('\n')
    .replaceAll(/\n{2,}/g, '\n')
    .trimEnd()}\n`;
}

if (import.meta.main) {
  writeFileSync(page, agentPermissions());
  console.log('docs/agent-permissions.yaml is written');
}
