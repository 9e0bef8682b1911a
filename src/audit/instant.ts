/** In SQL, a time as text: microseconds, in UTC, whatever the session's time zone. */
export const instant = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
