// Calls the services by their protos alone: nothing here comes from the server's code.
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {randomUUID} from 'node:crypto';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import {identities} from './identities.js';
import {PROTOS} from './paths.js';

const CALL_LIMIT_MS = 20_000;
// TLS asks for a name, not an address (RFC 6066); the server's certificate bears this one.
const BY_NAME = {'grpc.ssl_target_name_override': 'localhost'};

const definition = loader.loadSync(
  [...readdirSync(join(PROTOS, 'caseledger/v1')).map((file) => `caseledger/v1/${file}`),
    'google/rpc/status.proto', 'google/rpc/error_details.proto'],
  {includeDirs: [PROTOS], keepCase: true, longs: Number, enums: String, defaults: true, arrays: true, oneofs: true});
const services = grpc.loadPackageDefinition(definition).caseledger.v1;

// What a call, or one command of a batch, was refused with; `status` is a google.rpc.Status, if one was sent.
export class Refusal extends Error {
  constructor(code, text, status) {
    super(`${grpc.status[code]}: ${text}`);
    this.code = grpc.status[code];
    this.text = text;
    this.status = status;
    this.info = this.#details('google.rpc.ErrorInfo')[0];
    this.violations = this.#details('google.rpc.BadRequest')[0]?.field_violations ?? [];
    this.sentences = Object.fromEntries(
      this.#details('google.rpc.LocalizedMessage').map(({locale, message}) => [locale, message]));
  }

  static ofCall({code, details, metadata}) {
    const [bytes] = metadata.get('grpc-status-details-bin');
    return new Refusal(code, details, bytes && definition['google.rpc.Status'].deserialize(bytes));
  }

  static ofCommand(status) {
    return new Refusal(status.code, status.message, status);
  }

  #details(type) {
    return (this.status?.details ?? [])
      .filter(({type_url}) => type_url.endsWith(`/${type}`))
      .map(({value}) => definition[type].deserialize(value));
  }
}

// Of somebody, as {agency, actor, purpose, warrant}: all may be missing. Without an agency no certificate is shown,
// without an actor it is a program. `authorization` stands in for their token.
async function metadataOf({agency, actor, authorization, purpose, warrant}) {
  const metadata = new grpc.Metadata();
  const shown = authorization ?? (actor && await identities().bearerOf(agency, actor));
  if (shown) metadata.set('authorization', shown);
  if (purpose) metadata.set('caseledger-purpose', purpose);
  if (warrant) metadata.set('caseledger-warrant', warrant);
  return metadata;
}

const deadline = () => ({deadline: Date.now() + CALL_LIMIT_MS});

export function timestamp(date) {
  return {seconds: Math.floor(date.getTime() / 1000), nanos: (date.getTime() % 1000) * 1_000_000};
}

// Everything that a stream answers. Throws a Refusal.
function gathered(call) {
  return new Promise((resolve, reject) => {
    const answers = [];
    call.on('data', (answer) => answers.push(answer))
      .on('error', (error) => reject(Refusal.ofCall(error)))
      .on('end', () => resolve(answers));
  });
}

export class Client {
  #stubs = new Map();

  constructor(address, ledger) {
    this.address = address;
    this.ledger = ledger;
  }

  // With the certificate of the agency.
  async #stub(service, agency) {
    const credentials = await identities().credentialsOf(agency);
    const key = `${service} ${agency}`;
    if (!this.#stubs.has(key)) this.#stubs.set(key, new services[service](this.address, credentials, BY_NAME));
    return this.#stubs.get(key);
  }

  async #call(service, method, request, who) {
    const [stub, metadata] = await Promise.all([this.#stub(service, who.agency), metadataOf(who)]);
    return new Promise((resolve, reject) => {
      stub[method](request, metadata, deadline(),
        (error, answer) => (error ? reject(Refusal.ofCall(error)) : resolve(answer)));
    });
  }

  // A question and its one answer. Throws a Refusal.
  query(service, method, request, who) {
    return this.#call(service, method, {ledger: this.ledger, ...request}, who);
  }

  // All answers of a server stream. Throws a Refusal.
  async stream(service, method, request, who) {
    const [stub, metadata] = await Promise.all([this.#stub(service, who.agency), metadataOf(who)]);
    return gathered(stub[method]({ledger: this.ledger, ...request}, metadata, deadline()));
  }

  // One command: `record` is the record's id as the request calls it, such as {case_id: '…'}; `header` overrides.
  // Throws a Refusal.
  command(service, method, record, fact, who, header = {}) {
    const whole = {ledger: this.ledger, request_id: randomUUID(), purpose: 'services', ...header};
    return this.#call(service, method, {header: whole, ...record, fact}, who);
  }

  // Many commands over one stream; the answers in their order.
  async batch(commands, who) {
    const [stub, metadata] = await Promise.all([this.#stub('BatchService', who.agency), metadataOf(who)]);
    const call = stub.Execute(metadata, deadline());
    const responses = gathered(call);
    call.write({commands});
    call.end();
    return (await responses).flatMap(({answers}) => answers);
  }

  close() {
    for (const stub of this.#stubs.values()) stub.close();
  }
}
