// The least of a PBX and of a carrier (RFC 3261 over UDP): enough for one call.
import { createSocket } from 'node:dgram';
import { randomBytes } from 'node:crypto';

const id = () => randomBytes(6).toString('hex');
const SDP = (host) => `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n`;

function parse(text) {
  const [head, body = ''] = text.split('\r\n\r\n');
  const [first, ...lines] = head.split('\r\n');
  const fields = lines.map((line) => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
  const all = (...names) => fields.filter(([name]) => names.includes(name)).map(([, value]) => value);
  return { first, body, all, one: (...names) => all(...names)[0] };
}

async function bound(host) {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.bind(0, host, resolve));
  return socket;
}

/** Answers what it is asked, and takes each call. */
export async function carrier(host) {
  const socket = await bound(host);
  const { port } = socket.address();
  const tag = id();
  socket.on('message', (bytes, from) => {
    const asked = parse(bytes.toString());
    const method = asked.first.split(' ')[0];
    if (method === 'SIP/2.0' || method === 'ACK') return;
    const to = asked.one('to', 't');
    const body = method === 'INVITE' ? SDP(host) : '';
    const lines = ['SIP/2.0 200 OK', ...asked.all('via', 'v').map((via) => `Via: ${via}`), ...asked.all('record-route').map((route) => `Record-Route: ${route}`), `From: ${asked.one('from', 'f')}`, `To: ${/;tag=/.test(to) ? to : `${to};tag=${tag}`}`, `Call-ID: ${asked.one('call-id', 'i')}`, `CSeq: ${asked.one('cseq')}`, `Contact: <sip:carrier@${host}:${port}>`, ...(body ? ['Content-Type: application/sdp'] : []), `Content-Length: ${body.length}`];
    socket.send(`${lines.join('\r\n')}\r\n\r\n${body}`, from.port, from.address);
  });
  return { target: `${host}:${port}`, stop: () => socket.close() };
}

/** Calls a number from `host` over the program at `port`, speaks shortly and hangs up. Gives the final code. */
export async function call(host, port, number, from = '201') {
  const socket = await bound(host);
  const own = `${host}:${socket.address().port}`;
  const [callId, tag] = [id(), id()];
  const uri = `sip:${number}@127.0.0.1:${port}`;
  const send = (method, to, cseq, target, body = '') => {
    const lines = [`${method} ${target} SIP/2.0`, `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${id()};rport`, 'Max-Forwards: 70', `From: <sip:${from}@${host}>;tag=${tag}`, `To: ${to}`, `Call-ID: ${callId}`, `CSeq: ${cseq} ${method}`, `Contact: <sip:${from}@${own}>`, ...(body ? ['Content-Type: application/sdp'] : []), `Content-Length: ${body.length}`];
    socket.send(`${lines.join('\r\n')}\r\n\r\n${body}`, port, '127.0.0.1');
  };
  const answer = (of) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no answer to ${of}`)), 8_000);
      const hear = (bytes) => {
        const got = parse(bytes.toString());
        const code = Number(got.first.split(' ')[1]);
        if (!got.first.startsWith('SIP/2.0') || code < 200 || !got.one('cseq')?.endsWith(of)) return;
        clearTimeout(late);
        socket.off('message', hear);
        resolve({ code, got });
      };
      socket.on('message', hear);
    });
  try {
    send('INVITE', `<${uri}>`, 1, uri, SDP(host));
    const { code, got } = await answer('INVITE');
    const to = got.one('to', 't');
    const target = /<([^>]+)>/.exec(got.one('contact', 'm') ?? '')?.[1] ?? uri;
    send('ACK', to, 1, code === 200 ? target : uri);
    if (code === 200) {
      send('BYE', to, 2, target);
      await answer('BYE');
    }
    return code;
  } finally {
    socket.close();
  }
}
