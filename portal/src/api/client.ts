/** One request to the API, typed by its reference. */
import type { components, paths } from './schema';

type Note = components['schemas']['Note'];

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M & keyof paths[P]]>;
type Parameters<O, K extends string> = O extends { parameters: infer A }
  ? K extends keyof A
    ? NonNullable<A[K]>
    : never
  : never;
type Body<O> = O extends { requestBody: { content: { 'application/json': infer B } } } ? B : undefined;
type Good = 200 | 201 | 202;
type Answer<O> = O extends { responses: infer R }
  ? { [S in keyof R & Good]: R[S] extends { content: { 'application/json': infer A } } ? A : never }[keyof R & Good]
  : never;

export interface Wanted<O> {
  path?: Parameters<O, 'path'>;
  query?: Parameters<O, 'query'>;
  body?: Body<O>;
  /** The version one has read, for what must not be overwritten. */
  version?: string | null;
  /** Why: it stands in the audit log. */
  reason?: string | undefined;
  signal?: AbortSignal;
}

/** A refusal: what happened, what to do, and the id under which the log knows it. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string,
    readonly requestId: string,
    /** All that is wrong with settings. */
    readonly notes: readonly Note[] = [],
  ) {
    super(message);
  }
}

export interface Got<A> {
  body: A;
  status: number;
  version: string | null;
}

/** Called when the session is over. */
export const onStranger: { call: () => void } = { call: () => {} };

export async function ask<P extends keyof paths, M extends Method>(
  method: M,
  path: P,
  wanted: Wanted<Operation<P, M>> = {},
): Promise<Got<Answer<Operation<P, M>>>> {
  let answer: Response;
  try {
    answer = await fetch(address(path, wanted as Wanted<never>), request(method, wanted as Wanted<never>));
  } catch (error) {
    if (wanted.signal?.aborted) throw error;
    throw new Refused(0, 'unreachable', '', '', '');
  }
  const text = await answer.text();
  if (!answer.ok) throw refused(answer, text);
  const body = text ? JSON.parse(text) : undefined;
  return { body, status: answer.status, version: answer.headers.get('etag') };
}

function address(path: string, wanted: { path?: unknown; query?: unknown }): string {
  const named = Object.entries((wanted.path ?? {}) as Record<string, string>);
  const filled = named.reduce((at, [name, value]) => at.replace(`{${name}}`, encodeURIComponent(value)), path);
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries((wanted.query ?? {}) as Record<string, unknown>)) {
    if (value !== undefined && value !== '' && value !== null && value !== false) query.set(name, String(value));
  }
  return query.size ? `${filled}?${query}` : filled;
}

function request(method: Method, wanted: Wanted<unknown>): RequestInit {
  const headers: Record<string, string> = {};
  if (method !== 'get') headers['x-ringfence'] = '1';
  if (wanted.body !== undefined) headers['content-type'] = 'application/json';
  if (wanted.version) headers['if-match'] = wanted.version;
  // Header fields are bytes: what is beyond Latin letters is written as its nearest.
  if (wanted.reason) headers['x-reason'] = wanted.reason.normalize('NFKD').replace(/[^\x20-\x7e]/g, '');
  return {
    method: method.toUpperCase(),
    headers,
    body: wanted.body === undefined ? undefined : JSON.stringify(wanted.body),
    signal: wanted.signal,
    credentials: 'same-origin',
  };
}

function refused(answer: Response, text: string): Refused {
  const id = answer.headers.get('x-request-id') ?? '';
  try {
    const { code, message, hint, request_id, notes } = JSON.parse(text);
    if (code === 'not_logged_in') onStranger.call();
    return new Refused(answer.status, code, message, hint, request_id ?? id, notes ?? []);
  } catch {
    return new Refused(answer.status, 'unreadable', answer.statusText, '', id);
  }
}
