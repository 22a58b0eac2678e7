/** page_client.js is checked with the browser's types (tsconfig.page.json); this keeps them out of the Worker's. */
export function startPage(): void;
