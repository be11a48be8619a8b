// Where things lie.
import {dirname, join} from 'node:path';

export const TOP = new URL('../../../', import.meta.url).pathname;
export const SERVER = process.env.CASELEDGER_SERVER ?? join(TOP, 'build/release/bin/caseledgerd');
// The command line of the same build.
export const COMMAND_LINE = join(dirname(SERVER), 'caseledger');
export const RULES = join(TOP, 'deploy/access/rules.txt');
export const PROTOS = join(TOP, 'proto');
