import './small-memory.ts';
import { processContext } from '../process-context.ts';
import { reportFailure } from '../report-failure.ts';
import { carryOut } from './carry-out.ts';

/*
 * The agent alone, bundled into one file for the DaemonSet: it loads nothing of the server. What reads flags and settings is
 * needed once; as bundled it is a part of its own that is forgotten when it has been used.
 */

const context = processContext();
const { readOrder } = await import('./read-order.ts');
const order = await readOrder(process.argv.slice(2), context);
if (order !== undefined)
  try {
    await carryOut(order, context);
  } catch (error) {
    context.setExitCode(reportFailure(error, context));
  }
