import { svelte } from '@sveltejs/vite-plugin-svelte';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Beside each file that shrinks, itself packed: the program sends it as it is. */
function packed(): Plugin {
  return {
    name: 'packed',
    apply: 'build',
    closeBundle() {
      const dist = new URL('dist/', import.meta.url);
      for (const name of readdirSync(dist, { recursive: true }) as string[]) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue;
        const plain = readFileSync(new URL(name, dist));
        const small = gzipSync(plain, { level: 9 });
        if (small.length < plain.length) writeFileSync(new URL(`${name}.gz`, dist), small);
      }
    },
  };
}

export default defineConfig({
  plugins: [svelte(), packed()],
  // Nothing inlined: the content security policy takes files only.
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { '/v1': process.env.RINGFENCE ?? 'http://localhost:8899' } },
});
