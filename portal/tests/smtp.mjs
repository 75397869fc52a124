// The least of a mail server (RFC 5321): it keeps what it is given.
import { createServer } from 'node:net';

export async function mailServer() {
  const letters = [];
  const server = createServer((socket) => {
    let letter = null;
    let rest = '';
    const say = (line) => socket.write(`${line}\r\n`);
    say('220 mail.example ready');
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      const lines = (rest + bytes.toString()).split('\r\n');
      rest = lines.pop();
      for (const line of lines) {
        if (letter) {
          if (line === '.') {
            letters.push(letter.join('\n'));
            letter = null;
            say('250 kept');
          } else letter.push(line);
        } else if (/^DATA/i.test(line)) {
          letter = [];
          say('354 go on');
        } else if (/^QUIT/i.test(line)) {
          say('221 bye');
          socket.end();
        } else say('250 fine');
      }
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const settings = `[mail]\nserver = "127.0.0.1"\nport = ${server.address().port}\nsecurity = "none"\nfrom = "Ringfence <fw@example.org>"\n`;
  return { letters, settings, stop: () => server.close() };
}
