// The independent meter: FFmpeg's EBU R128 filter.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Integrated loudness (LUFS) and true peak (dBTP) of a file, and what it is made of. */
export async function measure(path) {
  const { stderr } = await run("ffmpeg", ["-nostats", "-hide_banner", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-"], {
    maxBuffer: 1 << 26,
  });
  const summary = stderr.slice(stderr.lastIndexOf("Summary:"));
  const number = (pattern) => Number(summary.match(pattern)?.[1] ?? Number.NaN);
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_entries", "stream=codec_name,sample_rate,channels,bits_per_raw_sample,bits_per_sample", "-of", "json", path]);
  return {
    lufs: number(/I:\s+(-?[\d.]+) LUFS/),
    dbtp: number(/True peak:\s+Peak:\s+(-?[\d.]+) dBFS/),
    stream: JSON.parse(stdout).streams[0],
  };
}
