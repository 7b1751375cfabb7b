export async function brokenPages() { return []; }
