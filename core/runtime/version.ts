/** TTG's version, as in package.json: a bundle has no package.json to read it from. A test compares the two. */
export const VERSION = '1.0.0';
