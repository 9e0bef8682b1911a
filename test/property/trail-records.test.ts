import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { splitRecords } from '../../providers/aws/trail/split-records.js'
import { recordsOf } from '../../providers/azure/trail/record-lines.js'

const records = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()))
const texts = (list: readonly unknown[]) => list.map((each) => JSON.stringify(each))

test('so many records as a log file of CloudTrail holds come out of it, however it is laid out', () => {
  fc.assert(
    fc.property(records, fc.constantFrom(undefined, 1, '\t'), (list, space) => {
      const found = splitRecords(JSON.stringify({ Records: list }, null, space))
      expect(texts(found.map((each) => JSON.parse(each)))).toEqual(texts(list))
    }),
  )
})

test('of one that is cut off anywhere, the whole records come out, and one text with what is left', () => {
  fc.assert(
    fc.property(records, fc.nat(), (list, at) => {
      const [begin, file] = ['{"Records":['.length, JSON.stringify({ Records: list })]
      const found = splitRecords(file.slice(0, begin + (at % (file.length - begin - 1))))
      expect(found.slice(0, -1)).toEqual(texts(list).slice(0, found.length - 1))
      expect(found.length).toBeLessThanOrEqual(list.length + 1)
    }),
    // Within a string that looks like the end of a record.
    { examples: [[[{ a: { b: '} ]' } }], 14]] },
  )
})

test('so many records as the lines of an exported blob hold come out of them', () => {
  fc.assert(
    fc.property(records, fc.constantFrom('\n', '\r\n'), (list, newline) => {
      const lines = Buffer.from(
        texts(list)
          .map((line) => line + newline)
          .join(''),
      )
      expect(recordsOf(lines, 'blob', 0).map(({ raw }) => raw)).toEqual(texts(list))
    }),
  )
})
