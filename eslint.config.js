// Rules of style that a machine can hold: file length, no `any`, one reader of the environment. Imports: .dependency-cruiser.mjs.
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const environmentIsCores = {
  'no-restricted-syntax': [
    'error',
    {
      selector: "MemberExpression[object.name='process'][property.name='env']",
      message: 'only core/runtime/lifecycle.ts reads process.env; take the Config as a parameter',
    },
  ],
};

export default defineConfig(
  globalIgnores(['dist/', 'build/', 'out/', 'node_modules/', 'chart/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    // not in tsconfig.json
    ignores: ['*.config.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // adapters implement asynchronous ports, often without awaiting anything
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'eqeqeq': 'error',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js', '*.config.ts'],
    extends: [tseslint.configs.recommended],
    rules: {
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      'eqeqeq': 'error',
    },
  },
  {
    // types of scripts are checked by tsc (checkJs); this is what tsc does not see
    files: ['scripts/**/*.mjs', 'bench/**/*.mjs'],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: { '@typescript-eslint/no-floating-promises': 'error', '@typescript-eslint/no-misused-promises': 'error' },
  },
  { rules: { 'max-lines': ['error', { max: 250 }] } },
  { files: ['test/**'], rules: { 'max-lines': ['error', { max: 400 }] } },
  {
    files: ['core/**/*.ts', 'compute/**/*.ts', 'worker/**/*.ts', 'seeder/**/*.ts', 'cli/**/*.ts'],
    ignores: ['core/runtime/lifecycle.ts'],
    rules: environmentIsCores,
  },
);
