'use strict';
// Mocha's own spec report on the terminal, and the counts as JSON in the file that MOCHA_REPORT names.
const { reporters } = require('mocha');
const { writeFileSync } = require('node:fs');

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      const file = process.env.MOCHA_REPORT;
      if (file) writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
    });
  }
};
