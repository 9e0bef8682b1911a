const TEXT = 'a value is checked to be well-formed and encoded, and the result spelt in base64url'
const AAD =
  'the AAD of a field is 300 bytes and put together for each, the IV is drawn, and the parts are joined in one buffer'
const CALL =
  'a call to a provider is asynchronous and ends at a deadline, whichever provider it is, which takes a third of a raw encryption'
const ON_LOAD =
  'each row has its metadata parsed and checked, its binding spelt, its cached key compared with all that a call would have ' +
  'checked, and its field decoded'
const BUSY = 'with more processes than cores, whatever is to be computed between two answers also waits for a core'
const NOISE = 'on a busy machine the medians of single runs differ by more than that; the quarters are in the results'
const PROVIDER =
  'a deadline, an entry in the ledger, the checks of the reply and a key object, in caches that went cold while it was waited for'
const LOADED =
  '`node:crypto`, `node:util` and lru-cache, which an ES module loads with all that belongs to them, take two thirds of it; the ' +
  'entry itself is three files'

const REWRAP =
  'each row is unwrapped, wrapped, and unwrapped again for the proof, parsed and spelt, and its fields are hashed twice: about 70 µs on the ' +
  'CPU of this process and 10 µs on the server, beside the statement itself, which goes on meanwhile on the other of two cores'
const ROWS =
  'two rows, their JSON and two promises of each call are made before its statements are sent; the rows of a bare insert are ready'
const EVENT =
  'each event is parsed for what it says and for its canonical form, two digests are made of it, and its uid is looked up: about 60 µs on the ' +
  'CPU of this process beyond those of a bare insert, most of them while the server inserts the events before, where there is a core for each'

const COLD_PAGES = 'of the large table most pages are not in the memory of the server'

/** Why a goal is missed, by the id of its figure. Read only where it is. */
export const REASONS: Readonly<Record<string, string>> = {
  'sink-floor': 'each event is made into a row between two statements; the rows of a bare insert are ready.',
  'ledger-floor': `${ROWS}.`,
  'mirror-floor': `${EVENT}.`,
  encrypt: `${AAD}.`,
  'encrypt-text': `${AAD}; ${TEXT}.`,
  'encrypt-fresh': `the cryptography alone (two encryptions, a key and an IV from the generator, a commitment) is 3.4×; besides it spells what is bound, checks the metadata as a reader would and keeps the key in the cache, each a microsecond or less, and a sixth of it is garbage collection; ${CALL}.`,
  'decrypt-warm':
    'the KEK list is asked and the cached key compared with what the row says, its binding included, on each hit; the AAD of a field is 300 bytes.',
  'decrypt-cold': `besides two decryptions it makes a key object and hashes its commitment; ${CALL}.`,
  'encrypt-1mib': 'the pieces that OpenSSL returns are copied into the one buffer that is stored.',
  'decrypt-1mib': 'it does what raw decryption does, in one piece; the difference is the noise of a busy machine.',
  'list-lazy':
    'each row gets an object for its lazy field and one for its envelope, and one of our hooks is called for it; two identical lists differ by up to a tenth on this machine, see the last line.',
  'list-warm': `${ON_LOAD}.`,
  'list-cold': `${ON_LOAD}; ${CALL}.`,
  'read-warm': `${ON_LOAD}, and all of that is code that a single read finds cold; ${BUSY}.`,
  'save-new': `it makes and wraps a data key; ${BUSY}.`,
  'save-change': `the row is loaded and decrypted to compare it, and a new data key is made and wrapped for it; ${BUSY}.`,
  'list-kms': `unwrapping, checking and decrypting 1,000 rows takes the time on the CPU that the list above says; ${BUSY}.`,
  ...Object.fromEntries(
    ['aws', 'gcp', 'azure', 'vault'].flatMap((vendor) =>
      ['generateDataKey', 'wrap', 'unwrap', 'rewrap'].map((operation) => [
        `${vendor}-${operation}`,
        `${PROVIDER}; ${NOISE}.`,
      ]),
    ),
  ),
  'guard-rewrap':
    'the rule that accepts only the three shapes of metadata looks at every member of what changed, with a pattern for each.',
  'guard-other': 'five conditions are evaluated for each row, and four of them read its metadata.',
  'rewrap-floor-guarded': `${REWRAP}.`,
  'rewrap-floor-unguarded': `${REWRAP}; without the guard the floor is lower, and the rest stays.`,
  'rewrap-rows-guarded': `${REWRAP}; the bare statement for batches itself is about nine times as fast as one for each row.`,
  'rewrap-rows-unguarded': `${REWRAP}; the bare statement for batches itself is about seven times as fast as one for each row.`,
  'growth-range':
    'the last row of a range is found by counting, each row that is counted is looked up in the table, and of the large one most pages are not in the memory of the server; it is a tenth of what the batches of the range take.',
  'growth-batch': `${COLD_PAGES}.`,
  'growth-sets': `${COLD_PAGES}.`,
  'growth-census': `${COLD_PAGES}.`,
  'import-time': `${LOADED}.`,
  'import-memory': `${LOADED}.`,
  ...Object.fromEntries(
    ['aws-unsigned', 'aws-default', 'jose', 'age'].flatMap((id) => [
      [`${id}-encrypt`, `our own share is the new data key above; ${CALL}.`],
      [`${id}-decrypt`, `our own share is the unwrapping above; ${CALL}.`],
    ]),
  ),
  'encrypt-fresh-across-nodes': 'Node 24 is the fastest at it: promises and timers have a large share in it.',
  ...Object.fromEntries(
    ['encrypt', 'encrypt-text', 'decrypt-warm', 'decrypt-cold', 'decrypt-row', 'encrypt-1mib', 'decrypt-1mib'].map(
      (id) => [`${id}-across-nodes`, `${NOISE}.`],
    ),
  ),
  'typeorm-encrypted-encrypt': 'it binds a value to nothing, so it has no AAD, and it has no commitment.',
  'typeorm-encrypted-decrypt':
    'it has one key for all rows, so it parses no metadata, finds no key for a row and compares nothing.',
}
