/** The house as a suite: no circle, nothing imports upward, the picture is of today. Ends with `N passed, N failed, N skipped`. */
import { houseComplaints } from './house.ts';
import { closeWith } from './mocha-suite.ts';

const checks = await houseComplaints();
for (const { fact, complaint } of checks)
  console.log(complaint === undefined ? `✔ ${fact}` : `✘ ${fact}\n${complaint}`);
const failed = checks.filter(({ complaint }) => complaint !== undefined).length;
closeWith({ passed: checks.length - failed, failed, skipped: 0 });
