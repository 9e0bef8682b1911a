import { MAX_WRAPS } from '../envelope/format.js'

/** One character of base64url. */
const B64 = '[A-Za-z0-9_-]'
/** The last character of a canonical spelling, when it carries four bits and when it carries two. */
const END_OF_TWO = '[AEIMQUYcgkosw048]'
const END_OF_ONE = '[AQgw]'

// Counted repetitions are left out where a length can be compared beside: `{42}` alone costs three microseconds a match.
// Groups do not capture, which keeps Postgres on its fast matcher.
export const B64_OF_16_BYTES = `${B64}*${END_OF_ONE}`
export const B64_OF_32_BYTES = `${B64}*${END_OF_TWO}`
export const B64_OF_ANY_BYTES = `(?:${B64}{4})*(?:${B64}${END_OF_ONE}|${B64}{2}${END_OF_TWO})?`

const DAY_OF_ANY_YEAR =
  '(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8])'
const MULTIPLE_OF_4 = '(?:[02468][048]|[13579][26])'
const LEAP_YEAR = `(?:[0-9][0-9](?:0[48]|[2468][048]|[13579][26])|${MULTIPLE_OF_4}00)`
/** Of a day that exists: readers refuse any other. A cast that says so would fail, and print the value. */
const INSTANT = `(?:[0-9]{4}-(?:${DAY_OF_ANY_YEAR})|${LEAP_YEAR}-02-29)T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z`

const WRAPPED = `$.format == 1
  && $.wrap >= 1 && $.wrap <= ${Number.MAX_SAFE_INTEGER} && $.wrap.floor() == $.wrap
  && $.wraps.size() >= 1 && $.wraps.size() <= ${MAX_WRAPS}`

const SHREDDED = '$.format == 1 && $.shredded like_regex "^[!-~]{1,128}$"'

// Caps on lengths are left to the reader: no regular expression of Postgres counts beyond 255.
const WRAP = `@.kek.provider like_regex "^[a-z][a-z0-9-]{0,31}$"
  && @.kek.id like_regex "^[!-~]+$" && @.kek.version like_regex "^[!-~]*$"
  && @.dataKey > "" && @.dataKey like_regex "^${B64_OF_ANY_BYTES}$"
  && @.wrappedAt like_regex "^${INSTANT}$"`

/** kek, provider, id, version, dataKey, wrappedAt. */
const VALUES_IN_A_WRAP = 6

/**
 * True for metadata of one of the three shapes of format 1, false or null for anything else, and never an error: its
 * message would print the value. The paths are strict, since lax ones look into arrays (`{"format": [1, "…"]}` would
 * pass), and silent.
 */
export function isOfFormat1(metadata: string): string {
  const found = (path: string) => `jsonb_path_query_array(${metadata}, 'strict ${path}', '{}', true)`
  const holds = (path: string) => `jsonb_path_match(${metadata}, 'strict ${path}', '{}', true)`
  const only = (...members: string[]) => `${metadata} - '{${members.join(',')}}'::text[] = '{}'`
  const spelt = (member: string, length: number, pattern: string) =>
    `octet_length(${metadata} ->> '${member}') = ${length} AND (${metadata} ->> '${member}') COLLATE "C" ~ '^${pattern}$'`

  // The wraps that fit are compared with all of them: where a condition is unknown, "there is none that fails" is true.
  // Each has its six values then, so that there is no other when there are six times as many as wraps.
  return `CASE
    WHEN jsonb_typeof(${metadata}) <> 'object' THEN false
    WHEN ${metadata} = '{}' THEN true
    ELSE ${spelt('id', 22, B64_OF_16_BYTES)}
      AND ${spelt('commitment', 43, B64_OF_32_BYTES)}
      AND CASE WHEN ${metadata} -> 'shredded' IS NOT NULL
        THEN ${only('format', 'id', 'commitment', 'shredded')} AND ${holds(SHREDDED)}
        ELSE ${only('format', 'id', 'commitment', 'wrap', 'wraps')} AND ${holds(WRAPPED)}
          AND ${found(`$.wraps[*] ? (${WRAP})`)} = ${metadata} -> 'wraps'
          AND jsonb_array_length(${found('$.wraps[*].**{1 to 2}')}) = ${VALUES_IN_A_WRAP} * jsonb_array_length(${found('$.wraps[*]')})
      END
  END`
}
