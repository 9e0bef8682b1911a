import { randomUUID } from 'node:crypto'
import type { DataSource, EntityManager, EntitySubscriberInterface } from 'typeorm'
import { decryptAll, updateEncrypted, upsertEncrypted } from '../../../src/typeorm/index.js'
import { Credential, Token } from '../entities.js'
import type { Row } from './stored-state.js'

/** One operation that is about to run, on rows of a tenant of its own. */
export interface Prepared {
  readonly tenantId: string
  /** The objects that the application holds and hands over. */
  readonly held: readonly object[]
  readonly before: readonly Row[]
  readonly after: readonly Row[]
  /** On the manager's transaction, if it has one. Can be run again. */
  run(manager: EntityManager): Promise<unknown>
}

export interface Operation {
  /** Which rows it writes, if any. */
  readonly writes: 'new' | 'old' | 'none'
  /** Whether it sends ciphertexts, and whether under a new data key. */
  readonly encrypts: boolean
  readonly mints: boolean
  prepare(dataSource: DataSource): Promise<Prepared>
}

const OLD = { password: 'old', settings: { of: 'old' }, oauth: { access: 'old' }, hidden: 'old' }
const NEW = { password: 'new', settings: { of: 'new' }, oauth: { access: 'new' }, hidden: 'new' }

const row = (name: string, fields: Partial<Row> = OLD): Row => ({ name, ...OLD, tokens: [], deleted: false, ...fields })

/** A row in the table. Its data key is not cached: `prepare` is followed by `forgetAll()`. */
async function stored(dataSource: DataSource, tenantId: string, name: string): Promise<Credential> {
  const credentials = dataSource.getRepository(Credential)
  const { id } = await credentials.save(credentials.create({ tenantId, name, ...OLD } as object as Credential))
  return credentials.createQueryBuilder('c').addSelect('c.hidden').where({ id }).getOneOrFail()
}

function insertion(
  make: (dataSource: DataSource, values: { tenantId: string; name: string } & typeof NEW) => object,
  run: (manager: EntityManager, entity: object) => Promise<unknown>,
  further: Partial<Row> = {},
): Operation {
  return {
    writes: 'new',
    encrypts: true,
    mints: true,
    async prepare(dataSource) {
      const [tenantId, name] = [randomUUID(), randomUUID()]
      const entity = make(dataSource, { tenantId, name, ...NEW })
      const after = [row(name, { ...NEW, ...further })]
      return { tenantId, held: [entity], before: [], after, run: (manager) => run(manager, entity) }
    },
  }
}

/** Of a loaded row. `change` makes what is handed over; the row then holds `fields`. */
function change(
  make: (loaded: Credential) => object,
  run: (manager: EntityManager, held: object, loaded: Credential) => Promise<unknown>,
  fields: Partial<Row>,
  { encrypts = true, mints = true } = {},
): Operation {
  return {
    writes: 'old',
    encrypts,
    mints,
    async prepare(dataSource) {
      const [tenantId, name] = [randomUUID(), randomUUID()]
      const loaded = await stored(dataSource, tenantId, name)
      const held = make(loaded)
      const [before, after] = [[row(name)], [row(name, fields)]]
      return { tenantId, held: [held], before, after, run: (manager) => run(manager, held, loaded) }
    },
  }
}

const save = (manager: EntityManager, entity: object) => manager.save(Credential, entity as Credential)
const saveAlone = (manager: EntityManager, entity: object) => {
  return manager.save(Credential, entity as Credential, { transaction: false })
}
const create = (dataSource: DataSource, values: object) => dataSource.getRepository(Credential).create(values)
const withTokens = (values: object) => ({ ...values, tokens: [{ value: 'new' }, { value: 'newer' }] as Token[] })

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'save() of a new row': insertion(create, save),
  'save() of a new row without a transaction': insertion(create, saveAlone),
  'save() of a changed row without a transaction': change((loaded) => Object.assign(loaded, NEW), saveAlone, NEW),
  'insert()': insertion(
    (_, values) => values,
    (manager, values) => manager.insert(Credential, values as never),
  ),
  'save() with a cascade': insertion((dataSource, values) => create(dataSource, withTokens(values)), save, {
    tokens: ['new', 'newer'],
  }),
  'save() of a changed row': change((loaded) => Object.assign(loaded, NEW), save, NEW),
  'save() of one changed field': change(
    (loaded) => Object.assign(loaded, { password: 'new' }),
    save,
    { password: 'new' },
    { mints: false },
  ),
  // With the name: TypeORM sets what is left out of a nullable column to null in the object that it is handed.
  'save() of part of a row': change(
    ({ id, name }) => ({ id, name, password: 'new', oauth: { access: 'new' } }),
    save,
    { password: 'new', oauth: { access: 'new' } },
    { mints: false },
  ),
  'save() of several rows': {
    writes: 'new',
    encrypts: true,
    mints: true,
    async prepare(dataSource) {
      const tenantId = randomUUID()
      const names = [randomUUID(), randomUUID(), randomUUID()].sort() as [string, string, string]
      const loaded = await stored(dataSource, tenantId, names[0])
      const drafts = names.slice(1).map((name) => create(dataSource, { tenantId, name, ...NEW }))
      const held = [drafts[0]!, Object.assign(loaded, { password: 'new' }), drafts[1]!]
      const after = [row(names[0], { password: 'new' }), row(names[1], NEW), row(names[2], NEW)]
      return { tenantId, held, before: [row(names[0])], after, run: (manager) => manager.save(held) }
    },
  },
  'softRemove()': change(
    (loaded) => loaded,
    (manager, held) => manager.softRemove(held),
    { deleted: true },
    { encrypts: false, mints: false },
  ),
  'remove()': {
    writes: 'old',
    encrypts: false,
    mints: false,
    async prepare(dataSource) {
      const [tenantId, name] = [randomUUID(), randomUUID()]
      const loaded = await stored(dataSource, tenantId, name)
      const { id } = loaded
      // TypeORM takes the key away once the statement has run, whether or not it is committed.
      const run = (manager: EntityManager) => manager.remove(Object.assign(loaded, { id }))
      return { tenantId, held: [loaded], before: [row(name)], after: [], run }
    },
  },
  'updateEncrypted()': change(
    () => ({ ...NEW }),
    (manager, changes, { id }) => updateEncrypted(manager.getRepository(Credential), id, changes),
    NEW,
  ),
  'updateEncrypted() of the key': change(
    () => ({ id: randomUUID(), password: 'new' }),
    (manager, changes, { id }) => updateEncrypted(manager.getRepository(Credential), id, changes),
    { password: 'new' },
  ),
  'upsertEncrypted() of a new row': insertion(
    (_, values) => values,
    (manager, values) => upsertEncrypted(manager.getRepository(Credential), values, ['name']),
  ),
  'upsertEncrypted() of an old row': change(
    ({ tenantId, name }) => ({ tenantId, name, ...NEW }),
    (manager, values) => upsertEncrypted(manager.getRepository(Credential), values, ['name']),
    NEW,
  ),
  'find()': {
    writes: 'none',
    encrypts: false,
    mints: false,
    async prepare(dataSource) {
      const [tenantId, names] = [randomUUID(), [randomUUID(), randomUUID()].sort()]
      for (const name of names) await stored(dataSource, tenantId, name)
      const rows = names.map((name) => row(name))
      return {
        tenantId,
        held: [],
        before: rows,
        after: rows,
        run: (manager) => manager.findBy(Credential, { tenantId }),
      }
    },
  },
  'decryptAll()': {
    writes: 'none',
    encrypts: false,
    mints: false,
    async prepare(dataSource) {
      const [tenantId, names] = [randomUUID(), [randomUUID(), randomUUID()].sort()]
      for (const name of names) await stored(dataSource, tenantId, name)
      const rows = names.map((name) => row(name))
      const held = await dataSource
        .getRepository(Credential)
        .createQueryBuilder('c')
        .callListeners(false)
        .where({ tenantId })
        .getMany()
      const run = async (manager: EntityManager) => {
        for (const { error } of await decryptAll(manager.getRepository(Credential), held)) if (error) throw error
      }
      return { tenantId, held, before: rows, after: rows, run }
    },
  },
}

/** The operations of a kind, with their names. */
export function operations(
  fits: (operation: Operation) => boolean = () => true,
): readonly (readonly [name: string, operation: Operation])[] {
  return Object.entries(OPERATIONS).filter(([, operation]) => fits(operation))
}

/** The hooks of other subscribers that are called for an operation: before its statements, and after. */
export function hooksOf(name: string, { writes, encrypts }: Operation): readonly (keyof EntitySubscriberInterface)[] {
  if (name === 'find()') return ['afterLoad']
  // updateEncrypted() builds the statement that changes a key without other subscribers.
  if (!encrypts || name === 'updateEncrypted() of the key') return []
  return writes === 'new' ? ['beforeInsert', 'afterInsert'] : ['beforeUpdate', 'afterUpdate']
}
