/** Passkeys: what the API says in JSON, as the browser's functions want it, and back (WebAuthn level 3, §5.1). */

interface Wire {
  [name: string]: unknown;
}

const bytes = (text: string): ArrayBuffer => {
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0)).buffer;
};

const text = (buffer: ArrayBuffer | null | undefined): string | undefined =>
  buffer
    ? btoa(String.fromCharCode(...new Uint8Array(buffer)))
        .replace(/\+/g, '-')
        .replace(/\//g, '_')
        .replace(/=+$/, '')
    : undefined;

const ids = (list: unknown): unknown =>
  (list as { id: string }[] | undefined)?.map((one) => ({ ...one, id: bytes(one.id) }));

export const available = (): boolean => 'credentials' in navigator && 'PublicKeyCredential' in window;

/** Makes a passkey. */
export async function create(options: unknown): Promise<Wire> {
  const wire = options as Wire & { user: Wire & { id: string }; challenge: string };
  const publicKey = {
    ...wire,
    challenge: bytes(wire.challenge),
    user: { ...wire.user, id: bytes(wire.user.id) },
    excludeCredentials: ids(wire['excludeCredentials']) ?? [],
  };
  const made = await navigator.credentials.create({
    publicKey: publicKey as unknown as PublicKeyCredentialCreationOptions,
  });
  const key = made as PublicKeyCredential;
  const response = key.response as AuthenticatorAttestationResponse;
  return {
    ...said(key),
    response: {
      attestationObject: text(response.attestationObject),
      clientDataJSON: text(response.clientDataJSON),
      transports: response.getTransports?.() ?? [],
    },
  };
}

/** Uses a passkey. */
export async function get(options: unknown): Promise<Wire> {
  const wire = options as Wire & { challenge: string };
  const publicKey = {
    ...wire,
    challenge: bytes(wire.challenge),
    allowCredentials: ids(wire['allowCredentials']) ?? [],
  };
  const given = await navigator.credentials.get({
    publicKey: publicKey as unknown as PublicKeyCredentialRequestOptions,
  });
  const key = given as PublicKeyCredential;
  const response = key.response as AuthenticatorAssertionResponse;
  return {
    ...said(key),
    response: {
      authenticatorData: text(response.authenticatorData),
      clientDataJSON: text(response.clientDataJSON),
      signature: text(response.signature),
      userHandle: text(response.userHandle),
    },
  };
}

function said(key: PublicKeyCredential): Wire {
  return { id: key.id, rawId: text(key.rawId), type: key.type, extensions: key.getClientExtensionResults() };
}
