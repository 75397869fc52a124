/** A plan as `ringfence apply` reads it: sections of TOML 1.0. */
export type Value = string | number | boolean | Value[] | { [name: string]: Value };
export interface Section {
  kind: 'tenant' | 'trunk' | 'extension';
  fields: Record<string, Value>;
}

export const plan = (sections: Section[]): string => sections.map((section) => `[[${section.kind}]]\n${fields(section.fields)}`).join('\n');

const fields = (of: Record<string, Value>): string => Object.entries(of).map(([name, value]) => `${key(name)} = ${written(value)}\n`).join('');
const key = (name: string): string => (/^[\w-]+$/.test(name) ? name : text(name));

function written(value: Value): string {
  if (typeof value === 'string') return text(value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  return `{ ${Object.entries(value).map(([name, of]) => `${key(name)} = ${written(of)}`).join(', ')} }`;
}

/** A basic string; what JSON leaves bare and TOML forbids is DEL alone. */
const text = (value: string): string => JSON.stringify(value).replace(/\x7f/g, '\\u007f');
