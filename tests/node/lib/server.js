// Starts the server under test as its own process and stops it by its process id.
import {execFile, spawn} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, watch} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {identities} from './identities.js';
import {COMMAND_LINE, RULES, SERVER} from './paths.js';

const BOOTSTRAP_LIMIT_MS = 60_000;
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;

// The server writes `127.0.0.1:PORT` into the file when it is ready.
function addressIn(file) {
  if (!existsSync(file)) return undefined;
  return /^\S+:\d+$/.exec(readFileSync(file, 'utf8').trim())?.[0];
}

// Settles with the address, or fails when the process ends first or the limit passes.
function whenReady(process, folder, file, output) {
  return new Promise((resolve, reject) => {
    const limit = AbortSignal.timeout(START_LIMIT_MS);
    const watcher = watch(folder, () => settle(addressIn(file)));
    const settle = (address, error) => {
      if (address === undefined && error === undefined) return;
      watcher.close();
      limit.onabort = null;
      process.removeAllListeners('exit');
      if (error) reject(error);
      else resolve(address);
    };
    limit.onabort = () => settle(undefined, new Error(`the server is not ready: ${output()}`));
    process.on('error', (error) => settle(undefined, error));
    process.on('exit', (code) => settle(undefined, new Error(`the server ended with ${code}: ${output()}`)));
    settle(addressIn(file));
  });
}

export class Server {
  // Starts a server over TLS in a folder of its own, with a ledger that has the rules of deploy/access and one person
  // with a role: `administrator`, as {agency, actor}.
  static async start(ledger, administrator) {
    const folder = mkdtempSync(join(tmpdir(), 'caseledger-node-'));
    const run = join(folder, 'run');
    mkdirSync(run);
    const server = new Server(ledger, folder, join(run, 'port'));
    try {
      await server.#bootstrap(administrator);
      await server.#launch(run);
    } catch (error) {
      server.#remove();
      throw error;
    }
    return server;
  }

  constructor(ledger, folder, portFile) {
    this.ledger = ledger;
    this.folder = folder;
    this.portFile = portFile;
    this.data = join(folder, 'data');
  }

  #bootstrap({agency, actor}) {
    return promisify(execFile)(COMMAND_LINE, [
      'access', 'bootstrap', '--data-dir', this.data, '--of', this.ledger, '--administrator', `${agency}/${actor}`,
      '--rules', RULES,
    ], {timeout: BOOTSTRAP_LIMIT_MS});
  }

  async #launch(run) {
    const identity = await identities().serverFlags();
    let output = '';
    this.process = spawn(SERVER, [
      '--data-dir', this.data, '--listen', '127.0.0.1:0',
      '--metrics-listen', '127.0.0.1:0', '--log-listen', '127.0.0.1:0', '--ledger', this.ledger,
      '--port-file', this.portFile, '--commit-heads-seconds', '3600',
      '--agency-calls-per-second', '0', ...identity, // some tests ask until something has come about
    ], {stdio: ['ignore', 'pipe', 'pipe']});
    const keep = (chunk) => { output = (output + chunk).slice(-4000); };
    this.process.stdout.on('data', keep);
    this.process.stderr.on('data', keep);
    this.address = await whenReady(this.process, run, this.portFile, () => output);
  }

  // Ends the process and gives its exit code; one that does not end in time is killed and gives null.
  async stop() {
    const ended = new Promise((resolve) => {
      if (this.process.exitCode !== null || this.process.signalCode !== null) resolve(this.process.exitCode);
      this.process.on('exit', resolve);
    });
    this.process.kill('SIGTERM');
    const limit = AbortSignal.timeout(STOP_LIMIT_MS);
    limit.onabort = () => this.process.kill('SIGKILL');
    const code = await ended;
    limit.onabort = null;
    this.#remove();
    return code;
  }

  #remove() {
    rmSync(this.folder, {recursive: true, force: true});
  }
}
