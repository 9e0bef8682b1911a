import type { Effects } from './options.js'

const CLI = 'test/cli'
const PROVIDERS = 'test/providers'
const UNIT = 'test/unit'
const SHREDDING = 'test/shredding'
const TYPEORM = 'test/typeorm'

/**
 * For every option that a user can give, the test that fails when the option has no effect. By the type, the command or
 * `environment`, then by the option; a test by its file and its title, or the fixed part of a title that is put together.
 * `test/rules/options.test.ts` checks that the list and the tests are complete.
 */
export const OPTION_EFFECTS: Effects = {
  EnvelopeCipherOptions: {
    provider: [`${UNIT}/envelope/mint.test.ts`, 'makes one data key, wraps it for the provider and each recipient'],
    recipients: [`${UNIT}/envelope/mint.test.ts`, 'each wrap alone opens the envelope'],
    accepted: [`${UNIT}/envelope/open.test.ts`, 'all KEKs of a provider when none is named'],
    cache: [`${UNIT}/envelope/data-key-cache.test.ts`, 'can be switched off: then each open is a call'],
    timeoutMs: [`${UNIT}/envelope/deadline.test.ts`, 'also when it is a recipient that can only wrap'],
    clock: [`${UNIT}/envelope/deadline.test.ts`, 'no timer outlives its operation'],
  },
  DataKeyCacheOptions: {
    maxKeys: [`${UNIT}/envelope/data-key-cache.test.ts`, 'is bounded by the number of keys'],
    maxAgeMs: [`${UNIT}/envelope/data-key-cache.test.ts`, 'is bounded by age, counted from the unwrap'],
  },
  AcceptedKek: {
    provider: [`${UNIT}/envelope/open.test.ts`, 'all KEKs of a provider when none is named'],
    kek: [`${UNIT}/envelope/open.test.ts`, 'no other version'],
    until: [`${UNIT}/envelope/open.test.ts`, 'at its time, although the data key is cached'],
  },
  CallOptions: {
    signal: [`${UNIT}/envelope/deadline.test.ts`, ' when its caller gives up'],
    deadline: [`${UNIT}/envelope/deadline.test.ts`, 'and no call is made when it has passed already'],
    callToken: [`${UNIT}/envelope/open.test.ts`, 'hands the call token and the listener for replies to the call'],
    onReply: [`${UNIT}/envelope/open.test.ts`, 'hands the call token and the listener for replies to the call'],
  },
  OpenOptions: {
    expectedContext: [`${UNIT}/envelope/open.test.ts`, 'refuses another tenant than the expected one before any call'],
  },
  CloseOptions: {
    timeoutMs: [`${UNIT}/envelope/close.test.ts`, 'is waited for until the deadline, which the error says'],
  },
  HealthCheckOptions: {
    maxAgeMs: [`${UNIT}/envelope/health-check.test.ts`, 'a success, for a while'],
    timeoutMs: [`${UNIT}/envelope/health-check.test.ts`, 'one deadline for all of them'],
    canary: [`${PROVIDERS}/aws-health.test.ts`, 'is ready by the canary of a writer'],
    clock: [`${UNIT}/envelope/health-check.test.ts`, 'a success, for a while'],
  },
  ResumeShredOptions: {
    tables: [`${SHREDDING}/shred.test.ts`, 'an entity that is none'],
    cipher: [
      `${SHREDDING}/shred.test.ts`,
      'it does not open any more, although the cipher had its data key in the cache',
    ],
    batchSize: [`${SHREDDING}/shred.test.ts`, 'in batches under one receipt'],
    signal: [`${SHREDDING}/resume.test.ts`, 'a run that was cut off is running'],
    onProgress: [`${SHREDDING}/shred.test.ts`, 'in batches under one receipt'],
  },
  ShredOptions: {
    target: [`${SHREDDING}/shred.test.ts`, 'in batches under one receipt'],
    reason: [`${SHREDDING}/shred.test.ts`, 'the receipt says what, when, who, why'],
    ticket: [`${SHREDDING}/shred.test.ts`, 'the receipt says what, when, who, why'],
    who: [`${SHREDDING}/shred.test.ts`, 'the receipt says what, when, who, why'],
    backupsKept: [`${SHREDDING}/receipts.test.ts`, 'backups for as long as they are kept'],
    cachesKept: [`${SHREDDING}/receipts.test.ts`, 'caches for as long as they keep'],
  },
  RetryOptions: {
    retries: [`${UNIT}/kms/retrying-provider.test.ts`, 'attempts, and the last failure is the caller'],
    initialDelayMs: [`${UNIT}/kms/retrying-provider.test.ts`, 'pauses are of full jitter'],
    maxDelayMs: [`${UNIT}/kms/retrying-provider.test.ts`, 'a KMS that asks for more than the longest pause'],
    random: [`${UNIT}/kms/retrying-provider.test.ts`, 'each pause draws anew'],
    clock: [`${UNIT}/kms/retrying-provider.test.ts`, 'an abort during a pause rejects at once'],
  },
  PerContextOptions: {
    name: [`${UNIT}/kms/per-context-provider.test.ts`, 'a provider of another name is refused'],
    pair: [`${UNIT}/kms/per-context-provider.test.ts`, 'each operation goes to the provider of the value'],
    provider: [`${UNIT}/kms/per-context-provider.test.ts`, 'each operation goes to the provider of the value'],
    otherwise: [`${UNIT}/kms/per-context-provider.test.ts`, 'goes to "otherwise"'],
  },
  LimitOptions: {
    maxInFlight: [`${UNIT}/kms/limiting-provider.test.ts`, 'so many calls are on their way at a time'],
  },
  DeadlineOptions: {
    timeoutMs: [`${UNIT}/kms/deadline-provider.test.ts`, 'no time at all'],
    clock: [`${UNIT}/kms/deadline-provider.test.ts`, 'no timer'],
  },
  EncryptionOptions: {
    cipher: [`${TYPEORM}/starts.test.ts`, 'the cipher function runs at each initialize()'],
    guard: [`${TYPEORM}/guard-modes.test.ts`, 'guard: warn checks and installs nothing'],
    fleet: [`${TYPEORM}/fleet.test.ts`, 'is in the fleet from initialize() to destroy()'],
    onUnreadable: [`${TYPEORM}/unreadable.test.ts`, 'keeps its EncryptedValue with onUnreadable: leave'],
    expectedContext: [`${TYPEORM}/unreadable.test.ts`, "refuses another tenant's row before any call to the KMS"],
    timeoutMs: [`${TYPEORM}/kms-concurrency.test.ts`, 'one deadline ends the whole operation'],
    clock: [`${TYPEORM}/kms-concurrency.test.ts`, 'a later operation has a deadline of its own'],
  },
  FleetOptions: {
    cipher: ['test/lifecycle/fleet.test.ts', 'a message on the channel makes the cipher forget'],
    connection: ['test/lifecycle/fleet.test.ts', 'a fleet that cannot be joined is an error where it is required'],
    required: ['test/lifecycle/fleet.test.ts', 'who is required gives out no new data key without the table'],
    label: ['test/lifecycle/fleet.test.ts', 'a process is written down with what it is'],
    modes: ['test/lifecycle/fleet.test.ts', 'a process is written down with what it is'],
    holdMs: ['test/lifecycle/fleet.test.ts', 'a version is named as long as what it wrapped may not be stored yet'],
    clock: ['test/lifecycle/fleet.test.ts', 'a version is named as long as what it wrapped may not be stored yet'],
  },
  EncryptedOptions: {
    as: [`${TYPEORM}/writes.test.ts`, 'every json value comes back as it was'],
    lazy: [`${TYPEORM}/encrypted-value.test.ts`, 'the entity prints its lazy field as [encrypted]'],
    id: [`${TYPEORM}/guard-modes.test.ts`, 'a renamed property and column with its id kept is no other name'],
    type: [`${TYPEORM}/entity-shapes.test.ts`, 'an EntitySchema with a class is encrypted, in bytea too'],
    nullable: [`${TYPEORM}/writes.test.ts`, 'a field set to null is cleared, and the row reads on'],
    name: [`${TYPEORM}/row-keys.test.ts`, 'a table in another schema, with other names for its columns, is protected'],
    select: [`${TYPEORM}/writes.test.ts`, 'a field of select: false is written, kept by saves that do not load it'],
    comment: [`${TYPEORM}/schema.test.ts`, 'comments of the columns stand in the database'],
    adopt: [`${TYPEORM}/adoption-declared.test.ts`, 'is in its own column with inPlace'],
  },
  AdoptOptions: {
    placement: [`${TYPEORM}/adoption-declared.test.ts`, 'is in its own column with inPlace'],
    source: [`${TYPEORM}/adoption-declared.test.ts`, 'is beside its old column, unless it says otherwise'],
    readers: [`${TYPEORM}/adoption-declared.test.ts`, 'is beside its old column, unless it says otherwise'],
  },
  EncryptionMetadataOptions: {
    entity: [`${TYPEORM}/guard-modes.test.ts`, ': the first write is refused with what to set'],
    context: [`${TYPEORM}/unreadable.test.ts`, 'the row given to another tenant'],
    row: [`${TYPEORM}/row-keys.test.ts`, 'a composite key is bound in the declared order'],
    bindRow: [`${TYPEORM}/row-keys.test.ts`, 'a serial key is not bound, and its rows are bound to their tenant'],
    name: [`${TYPEORM}/row-keys.test.ts`, 'a table in another schema, with other names for its columns, is protected'],
    comment: [`${TYPEORM}/schema.test.ts`, 'comments of the columns stand in the database'],
  },
  ReadEnvelopesOptions: {
    batchSize: ['test/postgres/read-envelopes.test.ts', 'every row is read once, in batches'],
    after: ['test/postgres/read-envelopes.test.ts', 'reading goes on behind a key'],
  },
  RewrapOptions: {
    concurrency: ['test/postgres/rewrap-rows.test.ts', 'the KMS is asked for "concurrency" rows at a time'],
    signal: ['test/postgres/rewrap-rows.test.ts', 'an aborted run rejects with the reason'],
  },
  Configuration: {
    provider: [`${UNIT}/config/connect-cipher.test.ts`, 'what one cipher of a configuration wrote, another reads'],
    recipients: [`${UNIT}/config/connect-cipher.test.ts`, 'a recipient gets a wrap of its own'],
    accepted: [`${UNIT}/config/connect-cipher.test.ts`, 'an accepted KEK is read until its time is up'],
    database: [`${CLI}/guard.test.ts`, 'exit code 5 for a database that is not there, without its password'],
    dataSource: [`${CLI}/typescript-entities.test.ts`, 'decorated entities in TypeScript come from'],
    tables: [`${CLI}/encrypt-decrypt.test.ts`, 'kind and form are those of the column'],
    environment: [`${CLI}/doctor.test.ts`, 'is compared with nothing where keys have no tags'],
  },
  AcceptedDeclaration: {
    provider: [`${UNIT}/config/connect-cipher.test.ts`, 'an accepted KEK is read until its time is up'],
    kek: [`${UNIT}/config/connect-cipher.test.ts`, 'an accepted KEK is read until its time is up'],
    until: [`${UNIT}/config/connect-cipher.test.ts`, 'an accepted KEK is read until its time is up'],
  },
  TableDeclaration: {
    entity: [`${UNIT}/config/table-declaration.test.ts`, 'what is declared counts'],
    table: [`${UNIT}/config/table-declaration.test.ts`, 'what is declared counts'],
    schema: [`${UNIT}/config/table-declaration.test.ts`, 'what is declared counts'],
    primaryKey: [`${CLI}/encrypt-decrypt.test.ts`, 'several columns are bound in their order'],
    bindRow: [`${UNIT}/config/table-declaration.test.ts`, 'a row that is not bound leaves only the context'],
    metadata: [`${UNIT}/config/table-declaration.test.ts`, 'what is declared counts'],
    fields: [`${CLI}/encrypt-decrypt.test.ts`, 'kind and form are those of the column'],
    context: [`${UNIT}/config/table-declaration.test.ts`, 'what is declared counts'],
  },
  FieldDeclaration: {
    column: [`${UNIT}/config/table-declaration.test.ts`, 'what is declared counts'],
    id: [`${UNIT}/config/table-declaration.test.ts`, 'what is declared counts'],
    kind: [`${CLI}/encrypt-decrypt.test.ts`, 'kind and form are those of the column'],
    type: [`${CLI}/encrypt-decrypt.test.ts`, 'kind and form are those of the column'],
    adopt: [`${TYPEORM}/adoption-declared.test.ts`, 'is in its own column with inPlace'],
  },
  LoadOptions: {
    file: [`${CLI}/configuration-files.test.ts`, 'may have any name with --config'],
    environment: [`${UNIT}/config/environment.test.ts`, 'variables are the options of the provider that they name'],
  },
  ConnectOptions: {
    configuration: [`${UNIT}/config/connect-cipher.test.ts`, 'what one cipher of a configuration wrote, another reads'],
    file: [`${CLI}/typescript-entities.test.ts`, 'an application connects its cipher by the same file'],
  },
  CipherOptions: {
    ledger: [`${UNIT}/config/connect-cipher.test.ts`, 'a ledger gets every call'],
    maxInFlight: [`${UNIT}/config/connect-cipher.test.ts`, 'no more calls are on their way than "maxInFlight"'],
    decorate: [`${UNIT}/config/connect-cipher.test.ts`, '"decorate" surrounds each provider, inside the retry'],
    retry: [`${UNIT}/config/connect-cipher.test.ts`, '"retry" says how many there are'],
    cache: [`${UNIT}/config/connect-cipher.test.ts`, '"cache" and "timeoutMs" are those of the cipher'],
    timeoutMs: [`${UNIT}/config/connect-cipher.test.ts`, '"cache" and "timeoutMs" are those of the cipher'],
  },
  ObservedProviderOptions: {
    contextPairs: [`${UNIT}/opentelemetry/observed-provider.test.ts`, 'values of the context are in spans when their'],
  },
  ObserveCacheOptions: {
    cipher: [`${UNIT}/opentelemetry/observe-cache.test.ts`, 'for each cipher by its name'],
  },
  GcpProviderOptions: {
    client: [`${PROVIDERS}/gcp-keys.test.ts`, 'a key of "previousKeys" is unwrapped and rewrapped under "key"'],
    key: [`${PROVIDERS}/gcp-keys.test.ts`, 'a key of "previousKeys" is unwrapped and rewrapped under "key"'],
    previousKeys: [`${PROVIDERS}/gcp-keys.test.ts`, 'a key of "previousKeys" is unwrapped and rewrapped under "key"'],
    recheckMs: [`${PROVIDERS}/gcp-keys.test.ts`, 'the primary version is asked for once in "recheckMs"'],
    clock: [`${PROVIDERS}/gcp-keys.test.ts`, 'the primary version is asked for once in "recheckMs"'],
  },
  'options of the provider "gcp"': {
    key: [`${PROVIDERS}/gcp-connect.test.ts`, 'connects to the test server with what that prints'],
    previousKeys: [`${PROVIDERS}/gcp-connect.test.ts`, '"previousKeys" are separated by commas'],
    endpoint: [`${PROVIDERS}/gcp-connect.test.ts`, 'connects to the test server with what that prints'],
    insecure: [`${PROVIDERS}/gcp-connect.test.ts`, 'connects to the test server with what that prints'],
    quotaProject: [`${PROVIDERS}/gcp-connect.test.ts`, '"quotaProject" is who pays, in the credentials of the SDK'],
  },
  AzureProviderOptions: {
    client: [`${PROVIDERS}/azure-traps.test.ts`, 'the first calls of a client at once lose none of their bodies'],
    key: [`${PROVIDERS}/azure-connect.test.ts`, 'a section of text makes a provider whose wraps open'],
    signingKey: [`${PROVIDERS}/azure-signatures.test.ts`, 'without signatures, by an option that says so'],
    unsigned: [`${PROVIDERS}/azure-signatures.test.ts`, 'without signatures, by an option that says so'],
    previousKeys: [`${PROVIDERS}/azure-connect.test.ts`, 'wraps under a previous key open'],
    recheckMs: [`${PROVIDERS}/azure-traps.test.ts`, 'a process asks for each key and a token once'],
    clock: [`${PROVIDERS}/azure-traps.test.ts`, 'a process asks for each key and a token once'],
  },
  'options of the provider "azure"': {
    vaultUrl: [`${PROVIDERS}/azure-connect.test.ts`, 'a section of text makes a provider whose wraps open'],
    key: [`${PROVIDERS}/azure-connect.test.ts`, 'a section of text makes a provider whose wraps open'],
    signingKey: [`${PROVIDERS}/azure-connect.test.ts`, 'no signing key, and no word of it'],
    unsigned: [`${PROVIDERS}/azure-access.test.ts`, 'wraps that nobody signs'],
    previousKeys: [`${PROVIDERS}/azure-connect.test.ts`, 'wraps under a previous key open'],
    tenantId: [`${PROVIDERS}/azure-credentials.test.ts`, '"tenantId" is the only tenant whose tokens are taken'],
    clientId: [`${PROVIDERS}/azure-credentials.test.ts`, '"clientId" is the managed identity'],
    caFile: [`${PROVIDERS}/azure-connect.test.ts`, 'a certificate that is not trusted is a mistake'],
    tokenFile: [`${PROVIDERS}/azure-connect.test.ts`, 'the token is what the file says'],
  },
  AwsProviderOptions: {
    client: ['test/providers/aws-traps.test.ts', 'wrong SourceKeyId in the reply'],
    region: ['test/providers/aws-regions.test.ts', 'a multi-Region key is stored without its region'],
    key: ['test/providers/aws-regions.test.ts', 'a key of one region is stored with it'],
    previousKeys: ['test/providers/aws-traps.test.ts', 'old rows open with previousKeys alone'],
    grantTokens: ['test/providers/aws-traps.test.ts', 'GrantTokens are sent with every request'],
    recheckMs: ['test/providers/aws-traps.test.ts', 'what is current changes after the recheck'],
    clock: ['test/providers/aws-traps.test.ts', 'what is current changes after the recheck'],
  },
  TestKmsServerOptions: {
    port: ['test/cli/test-kms.test.ts', '--port and --control-port are where it listens'],
    upstream: ['test/cli/test-kms.test.ts', '--upstream does the work'],
  },
  LocalProviderOptions: {
    keys: ['test/providers/local.test.ts', 'a row of a key that is not configured is refused'],
    currentKey: ['test/providers/local-keys.test.ts', 'is refused when it is not among the keys'],
    id: ['test/providers/local.test.ts', 'a row of another keyring with the same keys is refused'],
  },
  PassphraseKeyringOptions: {
    passphrase: ['test/providers/local-passphrase.test.ts', 'the key is scrypt of the passphrase in NFC'],
    keyring: ['test/providers/local-passphrase.test.ts', 'a rotation to another passphrase keeps the old key'],
    cost: ['test/providers/local-passphrase.test.ts', 'is refused, when it is made and when it is used'],
  },
  VaultHttpOptions: {
    address: ['test/providers/vault-connect.test.ts', 'a token comes from the section or from a private file'],
    namespace: ['test/providers/vault-transport.test.ts', 'a namespace goes with each call'],
    ca: ['test/emulators/vault-tls.test.ts', 'a certificate of a CA of its own is trusted'],
    clock: ['test/providers/vault-transport.test.ts', 'a reply that does not begin ends'],
  },
  VaultProviderOptions: {
    client: ['test/providers/vault-transport.test.ts', 'a namespace goes with each call'],
    login: ['test/providers/vault-login.test.ts', 'one login by AppRole is shared by all who wait'],
    key: ['test/providers/vault-connect.test.ts', 'a previous key is unwrapped'],
    previousKeys: ['test/providers/vault-connect.test.ts', 'a previous key is unwrapped'],
    recheckMs: ['test/providers/vault-key.test.ts', 'a rotation that was not looked up yet is seen after recheckMs'],
    clock: ['test/providers/vault-key.test.ts', 'a rotation that was not looked up yet is seen after recheckMs'],
  },
  'options of the provider "vault"': {
    address: ['test/providers/vault-connect.test.ts', 'a token comes from the section or from a private file'],
    key: ['test/providers/vault-connect.test.ts', 'a previous key is unwrapped'],
    previousKeys: ['test/providers/vault-connect.test.ts', 'a previous key is unwrapped'],
    namespace: ['test/providers/vault-connect.test.ts', 'a namespace comes from the section'],
    caFile: ['test/emulators/vault-tls.test.ts', 'a certificate of a CA of its own is trusted'],
    token: ['test/providers/vault-connect.test.ts', 'a token comes from the section or from a private file'],
    tokenFile: ['test/providers/vault-connect.test.ts', 'a token comes from the section or from a private file'],
    roleId: ['test/providers/vault-connect.test.ts', 'AppRole logs in with a secret id'],
    secretId: ['test/providers/vault-connect.test.ts', 'AppRole logs in with a secret id'],
    secretIdFile: ['test/providers/vault-connect.test.ts', 'AppRole logs in with a secret id'],
    appRoleMount: ['test/providers/vault-connect.test.ts', 'AppRole logs in with a secret id'],
  },
  'options of the provider "aws"': {
    key: ['test/providers/aws-connect.test.ts', 'a key id without a region is refused'],
    region: ['test/providers/aws-connect.test.ts', 'asks %s'],
    previousKeys: ['test/providers/aws-connect.test.ts', 'are separated by commas'],
    grantTokens: ['test/providers/aws-connect.test.ts', 'are separated by commas'],
    endpoint: ['test/providers/aws-connect.test.ts', 'asks %s'],
    fips: ['test/providers/aws-connect.test.ts', 'asks %s'],
  },
  'options of the provider "local"': {
    keys: ['test/providers/local-connect.test.ts', 'keys come from the section, as text from the environment'],
    keysFile: ['test/providers/local-connect.test.ts', 'keys come from a private file'],
    keyringFile: [
      'test/providers/local-connect.test.ts',
      'a passphrase opens its keyring, from the section and from a',
    ],
    passphrase: ['test/providers/local-connect.test.ts', 'a wrong passphrase is refused at start and not repeated'],
    passphraseFile: [
      'test/providers/local-connect.test.ts',
      'a passphrase opens its keyring, from the section and from',
    ],
    currentKey: ['test/providers/local-connect.test.ts', 'keys come from the section, as text from the environment'],
    id: ['test/providers/local-connect.test.ts', 'the keyring id comes from the section'],
  },
  OfflineRecipientOptions: {
    publicKey: ['test/providers/offline.test.ts', 'a private key where the public half belongs is refused'],
    confirmation: ['test/providers/offline.test.ts', 'a key without the confirmation of its own challenge is refused'],
  },
  'options of the provider "offline"': {
    publicKeyFile: ['test/providers/offline.test.ts', 'a section names the files of the key and of its confirmation'],
    confirmationFile: [
      'test/providers/offline.test.ts',
      'a section names the files of the key and of its confirmation',
    ],
  },
  FaultyProviderOptions: {
    name: ['test/providers/faulty.test.ts', 'two providers tell their KEKs apart'],
    kekId: ['test/providers/faulty.test.ts', 'two providers tell their KEKs apart'],
    clock: ['test/providers/faulty.test.ts', 'a slow call is answered when its time has come'],
  },
  TemporaryPostgresOptions: {
    logFile: [`${UNIT}/temporary-postgres.test.ts`, 'is found there and in the log'],
    logStatements: [`${UNIT}/temporary-postgres.test.ts`, 'parameters are in the log, bytes too, and in full'],
    application: [`${UNIT}/temporary-postgres.test.ts`, 'a folder without the programs is no other application'],
  },
  'waxseal configured': {
    '--config': [`${CLI}/configuration-files.test.ts`, 'may have any name with --config'],
    '--data-source': [`${CLI}/typescript-entities.test.ts`, 'a DataSource that is not there is refused with what was'],
  },
  'waxseal value-options': {
    '--entity': [`${CLI}/encrypt-decrypt.test.ts`, 'another entity'],
    '--field': [`${CLI}/encrypt-decrypt.test.ts`, 'another field'],
    '--row': [`${CLI}/encrypt-decrypt.test.ts`, 'several columns are bound in their order'],
    '--context': [`${CLI}/encrypt-decrypt.test.ts`, 'a pair too many'],
    '--kind': [`${CLI}/encrypt-decrypt.test.ts`, 'bytes, which are no text'],
  },
  'waxseal encrypt': {
    '--allow-empty': [`${CLI}/encrypt-decrypt.test.ts`, 'an empty value has to be meant'],
  },
  'waxseal schema': {
    '--json': [`${CLI}/schema.test.ts`, 'install installs, and check says so'],
    '--dry-run': [`${CLI}/schema.test.ts`, '--dry-run prints the statements of schema sql, and runs nothing'],
  },
<<<<<<< HEAD
  'waxseal shred/command': {
    '--entity': [`${CLI}/shred.test.ts`, '--row shreds one row'],
    '--row': [`${CLI}/shred.test.ts`, '--row shreds one row'],
    '--context': [`${CLI}/shred.test.ts`, '--context shreds the rows of a tenant'],
    '--all-rows': [`${CLI}/shred.test.ts`, '--all-rows shreds an entity'],
    '--reason': [`${CLI}/shred.test.ts`, '--row shreds one row'],
    '--ticket': [`${CLI}/shred.test.ts`, '--row shreds one row'],
    '--who': [`${CLI}/shred.test.ts`, '--row shreds one row'],
    '--backups-kept': [`${CLI}/shred.test.ts`, '--row shreds one row'],
    '--caches-kept': [`${CLI}/shred.test.ts`, '--context shreds the rows of a tenant'],
    '--resume': [`${CLI}/shred.test.ts`, '--resume goes on once it is not'],
    '--dry-run': [`${CLI}/shred.test.ts`, '--dry-run counts, and changes nothing'],
    '--yes': [`${CLI}/shred.test.ts`, 'without --yes'],
    '--json': [`${CLI}/shred.test.ts`, '--json prints the receipt as JSON'],
  },
  'waxseal shred/receipts': {
    '--receipt': [`${CLI}/shred.test.ts`, '--receipt shows one'],
    '--rows': [`${CLI}/shred.test.ts`, 'its rows with digests'],
    '--json': [`${CLI}/shred.test.ts`, 'receipts lists them'],
=======
  'waxseal census/command': {
    '--entity': [`${CLI}/census.test.ts`, '--entity counts the tables of these entities'],
    '--quick': [`${CLI}/census.test.ts`, '--quick estimates, and says that it does'],
    '--json': [`${CLI}/census.test.ts`, 'rows by KEK, and whether it is current or accepted'],
>>>>>>> 7b6052c (waxseal census counts rows by KEK in one grouped scan, or estimates them by the set index; a configuration says of each KEK whether it is current, accepted or on no list)
  },
  'waxseal guard': {
    '--remove': [`${CLI}/guard.test.ts`, 'sql prints statements and nothing else, and asks no database'],
    '--json': [`${CLI}/guard.test.ts`, 'prints JSON'],
    '--dry-run': [`${CLI}/guard.test.ts`, '--dry-run prints what would run, and runs nothing'],
    '--concurrently': [`${CLI}/guard.test.ts`, 'with --concurrently the indexes are built while writers go on'],
    '--replace-names': [`${CLI}/guard.test.ts`, 'install refuses to replace other logical names, unless it is told'],
  },
  'waxseal recovery-key': {
    '--algorithm': [`${CLI}/recovery.test.ts`, 'a key of X25519, where that is asked for, goes the same way'],
  },
  'waxseal recover/command': {
    '--key': [`${CLI}/recovery.test.ts`, 'opens every field with the private half alone'],
    '--output': [`${CLI}/recovery.test.ts`, 'prints them where that is asked for'],
    '--dry-run': [`${CLI}/recovery.test.ts`, 'opens and writes nothing with --dry-run'],
    '--batch-size': [`${CLI}/recover-database.test.ts`, 'opens all rows of tables with'],
    '--json': [`${CLI}/recovery.test.ts`, 'what came of it as JSON with --json'],
  },
  'waxseal keygen': {
    '--file': [`${CLI}/keygen.test.ts`, 'writes a file that only its owner reads'],
    '--add': [`${CLI}/keygen.test.ts`, 'writes a file that only its owner reads, adds keys to it'],
    '--passphrase': [`${CLI}/keygen.test.ts`, 'makes a keyring from a passphrase'],
    '--json': [`${CLI}/keygen.test.ts`, 'prints the key as JSON'],
  },
  'waxseal inspect/command': {
    '--json': [`${CLI}/inspect.test.ts`, 'explains both, and that they belong together'],
  },
  'waxseal policy': {
    '--role': [`${CLI}/policy.test.ts`, 'prints the policy alone'],
    '--key': [`${CLI}/policy.test.ts`, 'prints the policy alone'],
    '--entity': [`${CLI}/policy.test.ts`, '--entity binds it to these entities'],
    '--principal': [`${CLI}/policy.test.ts`, '--principal is who gets it'],
    '--format': [`${CLI}/policy.test.ts`, '--format is the language'],
    '--json': [`${CLI}/policy.test.ts`, '--json prints title and text of each'],
  },
  'waxseal test-kms': {
    '--port': [`${CLI}/test-kms.test.ts`, '--port and --control-port are where it listens'],
    '--control-port': [`${CLI}/test-kms.test.ts`, '--port and --control-port are where it listens'],
    '--upstream': [`${CLI}/test-kms.test.ts`, '--upstream does the work'],
    '--json': [`${CLI}/test-kms.test.ts`, '--json prints where it is'],
  },
  'waxseal doctor/command': {
    '--provider': [`${CLI}/doctor-provider.test.ts`, '--provider asks the KMS, without a database'],
    '--role': [`${CLI}/doctor-provider.test.ts`, '--role is what the identity is for'],
    '--no-rows': [`${CLI}/doctor-tables.test.ts`, 'are left uncounted with --no-rows'],
    '--json': [`${CLI}/doctor.test.ts`, 'the provider and each recipient wrap and unwrap a canary'],
  },
  'waxseal demo/command': {
    '--database-url': ['test/e2e/demo.test.ts', 'in an existing database'],
    '--credentials': ['test/e2e/demo.test.ts', 'are loaded, and neither printed nor sent to the server'],
    '--rows': ['test/e2e/demo.test.ts', 'calls to the KMS are those that are promised'],
    '--json': ['test/e2e/demo.test.ts', 'it prints no secret as JSON'],
  },
  environment: {
    WAXSEAL_PROVIDER: [
      `${UNIT}/config/environment.test.ts`,
      'variables are the options of the provider that they name',
    ],
    WAXSEAL_RECIPIENTS: [`${UNIT}/config/environment.test.ts`, 'recipients and accepted providers are lists of names'],
    WAXSEAL_ACCEPTED: [`${UNIT}/config/environment.test.ts`, 'recipients and accepted providers are lists of names'],
    WAXSEAL_DATABASE_URL: [`${UNIT}/config/environment.test.ts`, 'WAXSEAL_DATABASE_URL comes first'],
    DATABASE_URL: [`${UNIT}/config/environment.test.ts`, 'then DATABASE_URL'],
    WAXSEAL_DATA_SOURCE: [
      `${UNIT}/config/environment.test.ts`,
      'environment and DataSource have variables of their own',
    ],
    WAXSEAL_ENVIRONMENT: [
      `${UNIT}/config/environment.test.ts`,
      'environment and DataSource have variables of their own',
    ],
    WAXSEAL_LOCAL_PASSPHRASE: [
      `${CLI}/keygen.test.ts`,
      'makes a keyring from a passphrase on standard input or in the',
    ],
    WAXSEAL_RECOVERY_PASSPHRASE: [`${CLI}/recovery.test.ts`, 'another passphrase is refused and not repeated'],
    WAXSEAL_DEBUG: [`${CLI}/main.test.ts`, 'exit code 70: a mistake in the program'],
  },
}
