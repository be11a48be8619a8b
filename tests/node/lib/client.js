// Calls the services by their protos alone: nothing here comes from the server's code.
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {randomUUID} from 'node:crypto';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import {TOP} from './server.js';

const PROTOS = join(TOP, 'proto');
const CALL_LIMIT_MS = 20_000;

const definition = loader.loadSync(
  [...readdirSync(join(PROTOS, 'caseledger/v1')).map((file) => `caseledger/v1/${file}`),
    'google/rpc/status.proto', 'google/rpc/error_details.proto'],
  {includeDirs: [PROTOS], keepCase: true, longs: Number, enums: String, defaults: true, arrays: true, oneofs: true});
const services = grpc.loadPackageDefinition(definition).caseledger.v1;

// What a call was refused with.
export class Refusal extends Error {
  constructor(error) {
    super(`${grpc.status[error.code]}: ${error.details}`);
    this.code = grpc.status[error.code];
    const [bytes] = error.metadata.get('grpc-status-details-bin');
    this.status = bytes === undefined ? undefined : definition['google.rpc.Status'].deserialize(bytes);
    this.info = this.#details('google.rpc.ErrorInfo')[0];
    this.violations = this.#details('google.rpc.BadRequest')[0]?.field_violations ?? [];
    this.sentences = Object.fromEntries(
      this.#details('google.rpc.LocalizedMessage').map(({locale, message}) => [locale, message]));
  }

  #details(type) {
    return (this.status?.details ?? [])
      .filter(({type_url}) => type_url.endsWith(`/${type}`))
      .map(({value}) => definition[type].deserialize(value));
  }
}

function metadataOf(who) {
  const metadata = new grpc.Metadata();
  if (who.actor) metadata.set('caseledger-actor', who.actor);
  if (who.agency) metadata.set('caseledger-agency', who.agency);
  if (who.roles) metadata.set('caseledger-roles', who.roles);
  return metadata;
}

export function timestamp(date) {
  return {seconds: Math.floor(date.getTime() / 1000), nanos: (date.getTime() % 1000) * 1_000_000};
}

export class Client {
  #stubs = {};

  constructor(address, ledger) {
    this.address = address;
    this.ledger = ledger;
  }

  #stub(service) {
    this.#stubs[service] ??= new services[service](this.address, grpc.credentials.createInsecure());
    return this.#stubs[service];
  }

  #call(service, method, request, who) {
    return new Promise((resolve, reject) => {
      this.#stub(service)[method](request, metadataOf(who), {deadline: Date.now() + CALL_LIMIT_MS},
        (error, answer) => (error ? reject(new Refusal(error)) : resolve(answer)));
    });
  }

  // A question and its one answer. Throws a Refusal.
  query(service, method, request, who) {
    return this.#call(service, method, {ledger: this.ledger, ...request}, who);
  }

  // All answers of a server stream. Throws a Refusal.
  stream(service, method, request, who) {
    return new Promise((resolve, reject) => {
      const answers = [];
      this.#stub(service)[method](
        {ledger: this.ledger, ...request}, metadataOf(who), {deadline: Date.now() + CALL_LIMIT_MS})
        .on('data', (answer) => answers.push(answer))
        .on('error', (error) => reject(new Refusal(error)))
        .on('end', () => resolve(answers));
    });
  }

  // One command: `record` is the record's id as the request calls it, such as {case_id: '…'}; `header` overrides.
  // Throws a Refusal.
  command(service, method, record, fact, who, header = {}) {
    const whole = {ledger: this.ledger, request_id: randomUUID(), purpose: 'services', ...header};
    return this.#call(service, method, {header: whole, ...record, fact}, who);
  }

  // Many commands over one stream; the answers in their order.
  batch(commands, who) {
    return new Promise((resolve, reject) => {
      const answers = [];
      const call = this.#stub('BatchService').Execute(metadataOf(who), {deadline: Date.now() + CALL_LIMIT_MS})
        .on('data', (response) => answers.push(...response.answers))
        .on('error', (error) => reject(new Refusal(error)))
        .on('end', () => resolve(answers));
      call.write({commands});
      call.end();
    });
  }

  close() {
    for (const stub of Object.values(this.#stubs)) stub.close();
  }
}
