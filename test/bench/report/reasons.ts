/** Why a goal is missed, by the id of its figure. Read only where it is. */
export const REASONS: Readonly<Record<string, string>> = {}
