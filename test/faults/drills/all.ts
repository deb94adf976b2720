import type { Drill } from '../drill.ts';
import { apiServer, realApiServer } from './api-server.ts';
import { attacksOnConnections, attacksOnMemory, attacksOnQuestions } from './attacks.ts';
import { attackSoak } from './attack-soak.ts';
import { certificateEnds, certificates } from './certificates.ts';
import { clockJumps } from './clock.ts';
import { diskFull } from './disk-full.ts';
import { dnsDead } from './dns.ts';
import { ec2Denying, ec2Hanging, ec2Throttling } from './ec2.ts';
import { serverKilled } from './killed.ts';
import { hostileMessages, transportGarbage } from './hostile.ts';
import { memoryPressure } from './memory.ts';
import { model } from './model.ts';
import { costlyModel, costlyRequests, forgedMarks } from './poison.ts';
import { soak } from './soak.ts';
import { staticData } from './static-data.ts';

/** In the order of the table; the longest ones of a lane begin first. */
export const allDrills: readonly Drill[] = [
  model,
  staticData,
  ec2Throttling,
  ec2Denying,
  ec2Hanging,
  dnsDead,
  apiServer,
  realApiServer,
  certificates,
  certificateEnds,
  diskFull,
  clockJumps,
  serverKilled,
  memoryPressure,
  hostileMessages,
  transportGarbage,
  attacksOnMemory,
  attacksOnConnections,
  attacksOnQuestions,
  costlyRequests,
  costlyModel,
  forgedMarks,
  soak,
  attackSoak(),
];
