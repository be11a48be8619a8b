// A trial authority as deploy/pki.sh makes it: one a test process, made when it is first asked for, gone with it.
import {execFile} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import tls from 'node:tls';
import {promisify} from 'node:util';
import grpc from '@grpc/grpc-js';
import {TOP} from './paths.js';

const SCRIPT = join(TOP, 'deploy/pki.sh');
const SCRIPT_LIMIT_MS = 30_000;
const TLS = 'TLSv1.3';

class Identities {
  #folder = mkdtempSync(join(tmpdir(), 'caseledger-node-pki-'));
  #authority;
  #credentials = new Map();
  #bearers = new Map();

  constructor() {
    process.once('exit', () => rmSync(this.#folder, {recursive: true, force: true}));
    this.#authority = this.#run('init');
  }

  async #run(action, ...words) {
    const {stdout} = await promisify(execFile)(SCRIPT, [action, this.#folder, ...words], {timeout: SCRIPT_LIMIT_MS});
    return stdout;
  }

  #read(...path) {
    return readFileSync(join(this.#folder, ...path));
  }

  // What caseledgerd takes on its command line for all of this.
  async serverFlags() {
    await this.#authority;
    return (await this.#run('flags')).trimEnd().split('\n');
  }

  // For a channel that shows the agency's certificate; undefined: that shows none. The same at each call.
  credentialsOf(agency) {
    return made(this.#credentials, agency, () => this.#connecting(agency));
  }

  async #connecting(agency) {
    await this.#authority;
    const shown = {};
    if (agency !== undefined) {
      await this.#run('agency', agency);
      shown.key = this.#read('agencies', agency, 'agency.key');
      shown.cert = this.#read('agencies', agency, 'agency.crt');
    }
    const context = tls.createSecureContext({ca: this.#read('ca.crt'), minVersion: TLS, maxVersion: TLS, ...shown});
    return grpc.credentials.createFromSecureContext(context);
  }

  // `Bearer TOKEN` of a staff member. The same at each call.
  bearerOf(agency, person) {
    return made(this.#bearers, `${agency}/${person}`, async () => {
      await this.#authority;
      await this.#run('token', agency, person);
      return `Bearer ${this.#read('tokens', agency, `${person}.jwt`).toString().trim()}`;
    });
  }
}

function made(all, key, make) {
  if (!all.has(key)) all.set(key, make());
  return all.get(key);
}

let only;
export function identities() {
  only ??= new Identities();
  return only;
}
