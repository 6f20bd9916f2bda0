// Music enough for a meter: drums, bass, chords and air, in stereo, the same every time.

/** A seeded generator (mulberry32), so that a failure can be repeated. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/** A stereo mix as two arrays, peaks below full scale. */
export function mix({ seconds = 20, rate = 44100, seed = 1 } = {}) {
  const random = randomFrom(seed);
  const frames = Math.round(seconds * rate);
  const left = new Float32Array(frames);
  const right = new Float32Array(frames);
  const beat = 0.5;
  const chords = [
    [220, 277.2, 329.6],
    [174.6, 220, 261.6],
    [196, 246.9, 293.7],
    [164.8, 207.7, 246.9],
  ];
  let air = 0;
  for (let i = 0; i < frames; i++) {
    const t = i / rate;
    const inBeat = t % beat;
    const bar = Math.floor(t / 2);
    const kick = Math.sin(2 * Math.PI * (48 + 90 * Math.exp(-inBeat * 30)) * inBeat) * Math.exp(-inBeat * 9);
    const snareAt = (t + beat) % (2 * beat);
    const noise = random();
    const snare = noise * Math.exp(-snareAt * 22);
    air = 0.6 * air + 0.4 * noise;
    const hat = (noise - air) * Math.exp(-(t % (beat / 2)) * 60);
    const chord = chords[bar % chords.length];
    const bass = Math.sin(2 * Math.PI * (chord[0] / 4) * t);
    const pad = (spread) => chord.reduce((sum, hz, n) => sum + Math.sin(2 * Math.PI * hz * (1 + spread * n) * t), 0) / 3;
    const swell = 0.6 + 0.4 * Math.sin((2 * Math.PI * t) / 8);
    left[i] = 0.3 * (kick + 0.35 * snare + 0.12 * hat + 0.45 * bass + 0.4 * swell * pad(0.0008));
    right[i] = 0.3 * (kick + 0.35 * snare + 0.2 * hat + 0.45 * bass + 0.4 * swell * pad(-0.0011));
  }
  return { rate, channels: [left, right] };
}

/** A WAV file of 16 or 24 bit integers. */
export function wav({ rate, channels }, bits = 24) {
  const bytes = bits / 8;
  const frames = channels[0].length;
  const data = frames * channels.length * bytes;
  const file = Buffer.alloc(44 + data);
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + data, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(channels.length, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * channels.length * bytes, 28);
  file.writeUInt16LE(channels.length * bytes, 32);
  file.writeUInt16LE(bits, 34);
  file.write("data", 36);
  file.writeUInt32LE(data, 40);
  const scale = 2 ** (bits - 1) - 1;
  let at = 44;
  for (let i = 0; i < frames; i++) {
    for (const channel of channels) {
      file.writeIntLE(Math.round(Math.max(-1, Math.min(1, channel[i])) * scale), at, bytes);
      at += bytes;
    }
  }
  return file;
}

/** A file that lasts, and holds nothing. */
export function silence(seconds = 5, rate = 44100) {
  const empty = new Float32Array(Math.round(seconds * rate));
  return wav({ rate, channels: [empty, empty] }, 16);
}
