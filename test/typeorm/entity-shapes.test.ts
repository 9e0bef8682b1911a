import { expect } from '@jest/globals'
import type { EncryptedValue } from '../../src/typeorm/index.js'
import { updateEncrypted, upsertEncrypted } from '../../src/typeorm/index.js'
import {
  ApiKeySchema,
  ChatConnector,
  ClosureFolder,
  Connector,
  type Folder,
  MailConnector,
  NestedFolder,
  PathFolder,
  SshKey,
  SshKeySchema,
  Webhook,
} from './inherited-entities.js'
import { suite } from './suite.js'

const s = suite([
  Connector,
  MailConnector,
  ChatConnector,
  Webhook,
  ApiKeySchema,
  SshKeySchema,
  ClosureFolder,
  PathFolder,
  NestedFolder,
])
const connectors = () => s.dataSource.getRepository(Connector)

s.encrypts('a child of single-table inheritance is encrypted through its own repository', async (canary) => {
  const mails = s.dataSource.getRepository(MailConnector)
  const saved = await mails.save({ token: canary, smtpPassword: canary } as MailConnector)
  expect(await mails.findOneByOrFail({ id: saved.id })).toMatchObject({ token: canary, smtpPassword: canary })
  await mails.save({ id: saved.id, smtpPassword: `${canary} again` })
  expect((await mails.findOneByOrFail({ id: saved.id })).smtpPassword).toBe(`${canary} again`)
})

s.encrypts('a child is saved and changed through the repository of its parent', async (canary) => {
  const mail = Object.assign(new MailConnector(), { token: canary, smtpPassword: canary })
  await connectors().save(mail)
  const found = (await connectors().findOneByOrFail({ id: mail.id })) as MailConnector
  expect(found).toBeInstanceOf(MailConnector)
  expect([found.token, found.smtpPassword]).toEqual([canary, canary])
  found.smtpPassword = `${canary} again`
  await connectors().save(found)
  const again = (await connectors().findOneByOrFail({ id: mail.id })) as MailConnector
  expect([again.token, again.smtpPassword]).toEqual([canary, `${canary} again`])
})

s.encrypts('several classes of one table are saved at once', async (canary) => {
  const mail = Object.assign(new MailConnector(), { smtpPassword: canary })
  const chat = Object.assign(new ChatConnector(), { bot: { key: canary } })
  const plain = Object.assign(new Connector(), { token: canary })
  await s.dataSource.manager.save([mail, chat, plain])
  const found = await connectors().find({ where: [{ id: mail.id }, { id: chat.id }, { id: plain.id }] })
  const byId = new Map(found.map((connector) => [connector.id, connector]))
  expect((byId.get(mail.id) as MailConnector).smtpPassword).toBe(canary)
  expect(await ((byId.get(chat.id) as ChatConnector).bot as EncryptedValue).decrypt()).toEqual({ key: canary })
  expect(byId.get(plain.id)?.token).toBe(canary)
})

s.encrypts('updateEncrypted() and upsertEncrypted() know the fields of a child', async (canary) => {
  const mails = s.dataSource.getRepository(MailConnector)
  const name = canary.slice(-12)
  const inserted = await upsertEncrypted(mails, { name, token: canary, smtpPassword: canary }, ['name'])
  const updated = await updateEncrypted(mails, inserted.id, { smtpPassword: `${canary} again` })
  expect(updated.smtpPassword).toBe(`${canary} again`)
  const again = await upsertEncrypted(mails, { name, token: `${canary} and again` }, ['name'])
  expect(again).toMatchObject({ id: inserted.id, token: `${canary} and again`, smtpPassword: `${canary} again` })
})

s.encrypts('an encrypted column of an abstract base class is encrypted', async (canary) => {
  const webhooks = s.dataSource.getRepository(Webhook)
  const { id } = await webhooks.save({ secret: canary } as Webhook)
  expect((await webhooks.findOneByOrFail({ id })).secret).toBe(canary)
})

s.encrypts('an EntitySchema without a class is encrypted', async (canary) => {
  const keys = s.dataSource.getRepository(ApiKeySchema)
  const saved = await keys.save({ secret: canary })
  expect(saved.secret).toBe(canary)
  await keys.save({ id: saved.id, secret: `${canary} again` })
  expect((await keys.findOneByOrFail({ id: saved.id })).secret).toBe(`${canary} again`)
  const inserted = { secret: canary } as { id: string; secret: string }
  await keys.insert(inserted)
  expect((await keys.findOneByOrFail({ id: inserted.id })).secret).toBe(canary)
})

s.encrypts('an EntitySchema with a class is encrypted, in bytea too', async (canary) => {
  const keys = s.dataSource.getRepository(SshKey)
  const { id } = await keys.save({ pem: canary } as SshKey)
  expect((await keys.findOneByOrFail({ id })).pem).toBe(canary)
})

for (const target of [ClosureFolder, PathFolder, NestedFolder]) {
  s.encrypts(`${target.name}: a tree is saved with its children, read, moved and changed`, async (canary) => {
    const folders = s.dataSource.getTreeRepository<Folder>(target)
    // A nested set has one root.
    const [root] = await folders.findRoots()
    const top = root ?? (await folders.save(folders.create({ secret: `${canary} root` })))
    const branch = await folders.save(
      folders.create({ secret: `${canary} branch`, parent: top, children: [{ secret: `${canary} leaf` }] }),
    )
    const tree = await folders.findDescendantsTree(branch)
    expect(tree.secret).toBe(`${canary} branch`)
    expect(tree.children.map(({ secret }) => secret)).toEqual([`${canary} leaf`])
    const leaf = await folders.findOneByOrFail({ id: tree.children[0]!.id })
    expect((await folders.findAncestors(leaf)).map(({ secret }) => secret).sort()).toEqual(
      [top.secret, `${canary} branch`, `${canary} leaf`].sort(),
    )
    leaf.secret = `${canary} changed`
    leaf.parent = top
    await folders.save(leaf)
    expect((await folders.findOneByOrFail({ id: leaf.id })).secret).toBe(`${canary} changed`)
    expect((await folders.findOneByOrFail({ id: branch.id })).secret).toBe(`${canary} branch`)
  })
}
