export const RSP_TABLES = ``
