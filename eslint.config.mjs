/** Rules that catch mistakes or keep the project's shape; how code looks is Prettier's business. Messages say what to do instead. */
import vue from 'eslint-plugin-vue'
import tseslint from 'typescript-eslint'

const noCast = {
  selector: "TSAsExpression[typeAnnotation.typeName.name!='const'][typeAnnotation.type='TSAnyKeyword']",
  message: 'Parse it with zod, or narrow it: a cast to any turns the checker off.'
}

const size = { max: 300, skipBlankLines: true, skipComments: true }

export default tseslint.config(
  { ignores: ['node_modules/', 'out/', 'models/', 'resources/', 'tests/fixtures/', 'test-results/', 'playwright-report/'] },
  {
    files: ['**/*.{ts,vue}'],
    extends: [tseslint.configs.base],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './tsconfig.renderer.json', './tsconfig.mixed.json'],
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.vue']
      }
    },
    rules: {
      'max-lines': ['error', size],
      'no-console': 'error',
      'no-restricted-syntax': ['error', noCast],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'no-unused-expressions': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', prefer: 'type-imports', disallowTypeAnnotations: false }
      ],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_', ignoreRestSiblings: true }
      ],
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description', 'ts-ignore': true, 'ts-nocheck': true }]
    }
  },
  {
    files: ['**/*.vue'],
    // Without types: linting a component with them rebuilds the whole program, once per file. vue-tsc checks their types.
    extends: [tseslint.configs.disableTypeChecked, vue.configs['flat/recommended']],
    languageOptions: { parserOptions: { parser: tseslint.parser, project: null } },
    rules: {
      // Prettier's business, or names of ours that read well.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/multi-word-component-names': 'off',
      'vue/require-default-prop': 'off',
      'vue/no-v-html': 'error',
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']]
    }
  },
  {
    // The processes and the command line talk to a terminal or a log.
    files: ['src/main/process/run.ts', 'src/main/cli/**', 'tests/bench/**', 'tests/support/**'],
    rules: { 'no-console': 'off' }
  },
  {
    // A test may reach into a structure it just made, and expect.any() and friends are any.
    files: ['tests/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off'
    }
  },
  {
    files: ['scripts/**/*.{mjs,js}', '*.mjs', '.*.cjs'],
    languageOptions: { ecmaVersion: 2024, sourceType: 'module' },
    rules: {
      'max-lines': ['error', size],
      'no-undef': 'off',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-var': 'error'
    }
  },
  { files: ['**/*.cjs', 'scripts/electron-default-app/**'], languageOptions: { sourceType: 'commonjs' } }
)
