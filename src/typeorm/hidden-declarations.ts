import { type DataSource, getMetadataArgsStorage } from 'typeorm'
import { ConfigurationError } from '../errors.js'
import { fieldDeclarationOf } from './field-transformer.js'

/**
 * Refuses what TypeORM would pass over without a word, to store the field in the open: of two column decorators on one
 * property it takes the lower one, of those of a class and of the class that it extends the former; and the column of a
 * relation takes its values from the column that it refers to, without that one's transformer.
 */
export function refuseHiddenDeclarations(dataSource: DataSource): void {
  const declared = getMetadataArgsStorage().columns.filter(({ options }) => fieldDeclarationOf(options.transformer))
  for (const metadata of dataSource.entityMetadatas) {
    for (const column of metadata.columns) {
      const refuse = (problem: string) => {
        throw new ConfigurationError(`${metadata.name}.${column.propertyPath}: ${problem}`)
      }
      if (fieldDeclarationOf(column.referencedColumn?.transformer)) {
        refuse('a relation cannot refer to an encrypted column: it would store the plaintext; refer to the primary key')
      }
      const isHidden = declared.some(
        ({ target, propertyName }) => propertyName === column.propertyName && isSameOrExtends(column.target, target),
      )
      if (isHidden && !fieldDeclarationOf(column.transformer)) {
        refuse(
          '@Encrypted is there, and TypeORM uses another column decorator of this property, on it or in a class that extends its class; remove that one',
        )
      }
    }
  }
}

/** Classes of entities or of embedded objects; an `EntitySchema` without a class has a name. */
function isSameOrExtends(target: unknown, declared: unknown): boolean {
  if (typeof target !== 'function' || typeof declared !== 'function') return false
  return target === declared || target.prototype instanceof declared
}
