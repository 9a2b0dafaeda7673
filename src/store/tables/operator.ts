export const OPERATOR_TABLES = ``
