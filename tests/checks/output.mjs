// Looks for the sample's personal data in what tests and programs wrote, and in names of files. See output.sh.
import {readdirSync, readFileSync, statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {argv, exit} from 'node:process';

// Columns of the sample that are about a person, by what their values are.
const WORDS = ['full_name', 'address'];
const NUMBERS = ['phone', 'identity_number'];
const MOST_SHOWN = 50;
// Fewer words are no evidence: "An" is a name and an English word.
const FEWEST_WORDS = 2;

// Without case, diacritics and letters of its own: "Đỗ Thị Thuỷ", composed or not, is "do thi thuy".
function fold(text) {
  return text.normalize('NFD').replace(/\p{Mn}/gu, '').replace(/đ/gi, 'd').toLowerCase();
}

function wordsOf(text) {
  return fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];
}

// The number as it is dialled inside the country, without what is written between its digits.
function digitsOf(text) {
  const digits = text.replace(/[^0-9+]/g, '');
  return digits.replace(/^(\+|00)?84(?=\d{9}$)/, '0').replace(/^\+/, '');
}

// Rows of a CSV file as objects, with the line they begin at.
function rowsOf(path) {
  const records = [];
  let record = [], field = '', quoted = false, line = 1, begun = 1;
  const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  const endField = () => { record.push(field); field = ''; };
  const endRecord = () => {
    endField();
    if (record.length > 1) records.push({line: begun, fields: record});
    record = [];
  };
  for (let i = 0; i < text.length; ++i) {
    const c = text[i];
    if (c === '\n') ++line;
    if (quoted && c === '"' && text[i + 1] === '"') field += text[++i];
    else if (c === '"') quoted = !quoted;
    else if (!quoted && c === ',') endField();
    else if (!quoted && c === '\n') { endRecord(); begun = line; }
    else if (quoted || c !== '\r') field += c;
  }
  if (field !== '' || record.length > 0) endRecord();
  const [head, ...rows] = records;
  return rows.map((row) => ({line: row.line, values: Object.fromEntries(head.fields.map((name, i) => [name, row.fields[i]]))}));
}

// What must not be found: the value in its simplest form -> where the sample has it.
function personalDataIn(directory) {
  const words = new Map(), numbers = new Map();
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.csv'))) {
    for (const {line, values} of rowsOf(join(directory, file))) {
      for (const [column, value] of Object.entries(values)) {
        const where = `${column} of ${file} line ${line}`;
        if (WORDS.includes(column)) {
          const list = wordsOf(value);
          if (list.length >= FEWEST_WORDS && !words.has(list.join(' '))) words.set(list.join(' '), where);
        }
        if (NUMBERS.includes(column) && value !== '' && !numbers.has(digitsOf(value))) numbers.set(digitsOf(value), where);
      }
    }
  }
  return {words, numbers, joined: new Map([...words].map(([key, where]) => [key.replaceAll(' ', ''), where])),
    lengths: [...new Set([...words.keys()].map((key) => key.split(' ').length))]};
}

// The bytes that escapes stand for: of protobuf text (\341\273\205), C (\xe1), JSON (\u1ec5), addresses (%E1).
function unescaped(line) {
  if (!/[\\%]/.test(line)) return line;
  const bytes = (text) => Buffer.from(text, 'latin1').toString('utf8');
  return line
    .replace(/(?:\\[0-3][0-7]{2})+/g, (run) => bytes(run.replace(/\\(\d{3})/g, (_, n) => String.fromCharCode(parseInt(n, 8)))))
    .replace(/(?:\\x[0-9a-fA-F]{2})+/g, (run) => bytes(run.replace(/\\x(..)/g, (_, n) => String.fromCharCode(parseInt(n, 16)))))
    .replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => bytes(run.replace(/%(..)/g, (_, n) => String.fromCharCode(parseInt(n, 16)))))
    .replace(/\\u([0-9a-fA-F]{4})/g, (_, n) => String.fromCharCode(parseInt(n, 16)));
}

// What a text says of the sample's people, as places in the sample; never the datum itself.
function foundIn(raw, people) {
  // Escaped letters may stand between others: "Nguy\341\273\205n".
  const text = unescaped(raw);
  const found = new Set();
  const list = wordsOf(text);
  for (let i = 0; i < list.length; ++i) {
    if (people.joined.has(list[i])) found.add(people.joined.get(list[i]));
    for (const length of people.lengths) {
      const where = people.words.get(list.slice(i, i + length).join(' '));
      if (where !== undefined) found.add(where);
    }
  }
  // Digits with one or two marks between them, each start tried; 0.000123456 is a fraction.
  for (const [, number] of text.matchAll(/(?<![\p{L}\p{N}])(?=((?:\+|00)?\d(?:[ .\-()]{0,2}\d){7,13})(?![\p{L}\p{N}]))/gu)) {
    const where = /^0\.\d+$/.test(number) ? undefined : people.numbers.get(digitsOf(number));
    if (where !== undefined) found.add(where);
  }
  return [...found];
}

// Files at or below the path, and the path of everything there.
function* walk(path) {
  const directory = statSync(path).isDirectory();
  yield {path, directory};
  if (!directory) return;
  for (const name of readdirSync(path).sort()) yield* walk(join(path, name));
}

function main(sample, places) {
  const people = personalDataIn(sample);
  if (people.words.size === 0 || people.numbers.size === 0) {
    console.error(`${sample}: no names or no numbers to look for; are these the sample's files?`);
    return 2;
  }
  let count = 0, files = 0, lines = 0;
  const report = (where, what) => {
    if (++count <= MOST_SHOWN) console.log(`${where}: ${what}`);
  };
  for (const place of places) {
    for (const {path, directory} of walk(place)) {
      for (const what of foundIn(basename(path), people)) report(`${dirname(path)}: a name in it`, what);
      if (directory) continue;
      ++files;
      const shown = foundIn(path, people).length > 0 ? `${dirname(path)}/*` : path;
      readFileSync(path, 'utf8').split('\n').forEach((line, i) => {
        ++lines;
        for (const what of foundIn(line, people)) report(`${shown}:${i + 1}`, what);
      });
    }
  }
  if (count > MOST_SHOWN) console.log(`and ${count - MOST_SHOWN} more`);
  console.log(`output: ${people.words.size} names and addresses and ${people.numbers.size} numbers looked for in ` +
    `${files} files, ${lines} lines; found ${count}`);
  return count > 0 ? 1 : 0;
}

if (argv.length < 4) {
  console.error('use: node output.mjs SAMPLE_DIRECTORY FILE_OR_DIRECTORY...');
  exit(2);
}
exit(main(argv[2], argv.slice(3)));
