/**
 * Stands before what is selected from the column beside which a field is adopted. A ciphertext starts otherwise, so neither
 * is taken for the other.
 */
export const SOURCE_TAG = 'waxseal-source:'
