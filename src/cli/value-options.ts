import { type Command, InvalidArgumentError, Option } from 'commander'
import { type LoadedConfiguration, loadConfiguration } from '../config/load-configuration.js'
import { protectedTablesOf } from '../config/protected-tables.js'
import { type EnvelopeBinding, PAIR_NAME, rowOf } from '../envelope/binding.js'
import { FIELD_KINDS, type FieldKind, type FieldSpec } from '../envelope/field-value.js'
import { ConfigurationError } from '../errors.js'
import { spellBound } from '../postgres/bound-value.js'
import type { BoundColumn, ProtectedTable } from '../postgres/protected-table.js'
import { type ConfiguredOptions, withConfiguration } from './configured.js'

export interface ValueOptions extends ConfiguredOptions {
  readonly entity: string
  readonly field: string
  readonly row?: readonly string[]
  readonly context?: Readonly<Record<string, string>>
  readonly kind?: FieldKind
}

/** The options that say whose value it is. Ids only: they appear in audit trails. */
export function withValueOptions(command: Command): Command {
  return withConfiguration(command)
    .requiredOption('--entity <name>', 'logical name of the entity, such as credential')
    .requiredOption('--field <id>', 'logical id of the field, such as credential.password')
    .option('--row <value>', 'primary key, where the envelope is bound to it; again for each further column', append)
    .option('--context <name=value>', 'pair of the encryption context, such as tenant=…; again for each', addPair)
    .addOption(new Option('--kind <kind>', 'kind of the value (default: text, or as declared)').choices(FIELD_KINDS))
}

export interface ValuePlace {
  readonly configuration: LoadedConfiguration
  readonly binding: EnvelopeBinding
  readonly field: FieldSpec
  readonly type: 'text' | 'bytea'
}

/** Where the value belongs: checked against the tables of the configuration, where it has some. */
export async function loadPlace(options: ValueOptions): Promise<ValuePlace> {
  const configuration = await loadConfiguration(options.config === undefined ? {} : { file: options.config })
  const isDeclared = options.dataSource ?? configuration.dataSource ?? configuration.tables
  if (isDeclared === undefined) {
    const { entity, row, context = {}, kind = 'text', field: id } = options
    return {
      configuration,
      binding: { entity, ...(row && { row: rowOf(row) }), context },
      field: { id, kind },
      type: 'text',
    }
  }
  const { tables } = await protectedTablesOf(configuration, options.dataSource)
  const table = tables.find(({ entity }) => entity === options.entity)
  if (!table) {
    throw new ConfigurationError(
      `--entity: expected one of ${tables.map(({ entity }) => entity).join(', ')}, found another`,
    )
  }
  return { configuration, ...placeIn(table, options) }
}

function placeIn(table: ProtectedTable, options: ValueOptions): Omit<ValuePlace, 'configuration'> {
  const { row: values = [], context = {} } = options
  const field = table.fields.find(({ id }) => id === options.field)
  if (!field) throw refused('--field', `one of ${table.fields.map(({ id }) => id).join(', ')}`)
  if (options.kind !== undefined && options.kind !== field.kind) throw refused('--kind', field.kind)
  if (values.length !== table.row.length) {
    const names = table.row.map(({ column }) => column).join(', ')
    throw refused(
      '--row',
      table.row.length === 0 ? 'none: the envelope is not bound to its row' : `one for each of ${names}`,
    )
  }
  const names = table.context.map(({ name }) => name)
  if (names.length !== Object.keys(context).length || !names.every((name) => Object.hasOwn(context, name))) {
    throw refused('--context', names.length === 0 ? 'none' : `exactly the pairs ${names.join(', ')}`)
  }
  const spell = ({ type }: BoundColumn, value: string, option: string) => spellBound(type, value, option)
  return {
    binding: {
      entity: table.entity,
      ...(values.length > 0 && {
        row: rowOf(table.row.map((column, index) => spell(column, values[index]!, '--row'))),
      }),
      context: Object.fromEntries(
        table.context.map((pair) => [pair.name, spell(pair, context[pair.name]!, '--context')]),
      ),
    },
    field: { id: field.id, kind: field.kind },
    type: field.type,
  }
}

function refused(option: string, expected: string): ConfigurationError {
  return new ConfigurationError(`${option}: expected ${expected}, found something else`)
}

function append(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

export function addPair(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  const name = text.slice(0, at)
  if (at < 1 || !PAIR_NAME.test(name)) throw new InvalidArgumentError('Expected <name>=<value>.')
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError('The pair is given twice.')
  return { ...before, [name]: text.slice(at + 1) }
}
