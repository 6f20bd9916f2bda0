// The A/B player. Mix and master are the four channels of one file, so a switch is a crossfade of two gains on one
// clock: no gap, and never out of step. Where a browser hands on fewer than four channels, or cannot start a graph at
// all, two files take their place.

import { clock, data, need } from "./dom";
import { used } from "./usage";

export type Side = "mix" | "master";

/** Long enough for no click, short enough to be a switch. */
const CROSSFADE_S = 0.01;
const SEEK_S = 5;
/** A graph that does not start by then never will. */
const START_WITHIN_MS = 1500;

/** What plays: two sides that share one position. */
interface Deck {
  readonly clock: HTMLAudioElement;
  play(): Promise<void>;
  pause(): void;
  seek(seconds: number): void;
  hear(side: Side): void;
}

/** One file: channels 1 and 2 are the mix, 3 and 4 the master, already at the same loudness. */
class FourChannels implements Deck {
  readonly clock: HTMLAudioElement;
  #side: Side = "master";
  #graph: Graph | undefined;
  readonly #onGivingUp: () => void;

  constructor(url: string, onGivingUp: () => void) {
    this.clock = new Audio();
    this.clock.preload = "metadata";
    this.clock.src = url;
    this.#onGivingUp = onGivingUp;
  }

  async play(): Promise<void> {
    // Not before: a browser starts sound only where the musician asked for it.
    this.#graph ??= new Graph(this.clock, this.#side);
    const graph = this.#graph;
    // Where a browser cannot start the graph, this promise is never kept.
    await Promise.race([graph.context.resume(), new Promise((resolve) => setTimeout(resolve, START_WITHIN_MS))]);
    if (graph.context.state !== "running") {
      this.#giveUp(graph);
      return;
    }
    await this.clock.play();
    this.#listen(graph);
  }

  pause(): void {
    this.clock.pause();
  }

  seek(seconds: number): void {
    this.clock.currentTime = seconds;
  }

  hear(side: Side): void {
    this.#side = side;
    this.#graph?.hear(side);
  }

  /** As soon as the mix sounds, the master has to. */
  #listen(graph: Graph): void {
    if (this.clock.paused) return;
    if (graph.sounds("master")) return;
    if (graph.sounds("mix")) {
      this.#giveUp(graph);
      return;
    }
    setTimeout(() => this.#listen(graph), 50);
  }

  #giveUp(graph: Graph): void {
    this.pause();
    void graph.context.close();
    this.#onGivingUp();
  }
}

class Graph {
  readonly context = new AudioContext({ latencyHint: "interactive" });
  readonly #gains: Record<Side, GainNode>;
  readonly #ears: Record<Side, AnalyserNode>;

  constructor(audio: HTMLAudioElement, side: Side) {
    const source = this.context.createMediaElementSource(audio);
    const splitter = this.context.createChannelSplitter(4);
    source.connect(splitter);
    const stereo = (first: number): [GainNode, AnalyserNode] => {
      const merger = this.context.createChannelMerger(2);
      splitter.connect(merger, first, 0);
      splitter.connect(merger, first + 1, 1);
      const gain = this.context.createGain();
      const ear = this.context.createAnalyser();
      merger.connect(gain).connect(this.context.destination);
      merger.connect(ear);
      return [gain, ear];
    };
    const [mix, mixEar] = stereo(0);
    const [master, masterEar] = stereo(2);
    this.#gains = { mix, master };
    this.#ears = { mix: mixEar, master: masterEar };
    mix.gain.value = side === "mix" ? 1 : 0;
    master.gain.value = side === "master" ? 1 : 0;
  }

  hear(side: Side): void {
    const now = this.context.currentTime;
    for (const each of ["mix", "master"] as const) {
      const gain = this.#gains[each].gain;
      gain.cancelScheduledValues(now);
      gain.setValueAtTime(gain.value, now);
      gain.linearRampToValueAtTime(each === side ? 1 : 0, now + CROSSFADE_S);
    }
  }

  sounds(side: Side): boolean {
    const samples = new Float32Array(this.#ears[side].fftSize);
    this.#ears[side].getFloatTimeDomainData(samples);
    return samples.some((sample) => Math.abs(sample) > 1e-4);
  }
}

/** Two files side by side, the louder one turned down. */
class TwoFiles implements Deck {
  readonly clock: HTMLAudioElement;
  readonly #mix = new Audio();
  readonly #volume: Record<Side, number>;

  constructor(mixUrl: string, masterUrl: string, masterLouderDb: number) {
    this.clock = new Audio(masterUrl);
    this.#mix.src = mixUrl;
    const quieter = 10 ** (-Math.abs(masterLouderDb) / 20);
    this.#volume = { mix: masterLouderDb < 0 ? quieter : 1, master: masterLouderDb > 0 ? quieter : 1 };
    this.hear("master");
  }

  async play(): Promise<void> {
    this.#mix.currentTime = this.clock.currentTime;
    await Promise.all([this.clock.play(), this.#mix.play()]);
  }

  pause(): void {
    this.clock.pause();
    this.#mix.pause();
  }

  seek(seconds: number): void {
    this.clock.currentTime = seconds;
    this.#mix.currentTime = seconds;
  }

  hear(side: Side): void {
    if (Math.abs(this.#mix.currentTime - this.clock.currentTime) > 0.02) {
      this.#mix.currentTime = this.clock.currentTime;
    }
    this.clock.volume = side === "master" ? this.#volume.master : 0;
    this.#mix.volume = side === "mix" ? this.#volume.mix : 0;
  }
}

export function startPlayer(player: HTMLElement): void {
  const duration = Number(data(player, "duration"));
  const play = need(player, "[data-play]", HTMLButtonElement);
  const sides = [...player.querySelectorAll<HTMLButtonElement>("[data-side]")];
  const seek = need(player, "[data-seek]", HTMLInputElement);
  const head = need(player, "[data-head]", HTMLElement);
  const time = need(player, "[data-time]", HTMLElement);
  const state = need(player, "[data-state]", HTMLElement);
  const message = need(player, "[data-message]", HTMLElement);
  const isPaid = player.dataset["master"] !== undefined;
  let side: Side = "master";
  let deck: Deck = fitted(new FourChannels(data(player, "preview"), fallBack));

  for (const scripted of player.querySelectorAll<HTMLElement>("[data-scripted]")) scripted.hidden = false;

  function fitted(made: Deck): Deck {
    const audio = made.clock;
    audio.addEventListener("play", showPlaying);
    audio.addEventListener("pause", showPlaying);
    audio.addEventListener("seeked", showTime);
    audio.addEventListener("ended", () => made.pause());
    audio.addEventListener("error", () => {
      // A deck that was given up on has nothing more to say.
      if (made !== deck) return;
      say(`This browser could not play the preview. ${isPaid ? "The downloads below are complete." : "Another one can."}`);
    });
    return made;
  }

  function say(text: string): void {
    message.textContent = text;
    message.hidden = false;
  }

  function fallBack(): void {
    // A master that is not paid for is heard in the preview alone.
    if (!isPaid) {
      say("This browser cannot play the preview. Another one can.");
      return;
    }
    const at = deck.clock.currentTime;
    deck = fitted(new TwoFiles(data(player, "mix"), data(player, "master"), Number(data(player, "louder"))));
    deck.hear(side);
    deck.clock.addEventListener("loadedmetadata", () => {
      deck.seek(at);
      void start();
    }, { once: true });
  }

  async function start(): Promise<void> {
    try {
      await deck.play();
    } catch (error) {
      // Paused again before it began: nothing is wrong.
      if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
    }
  }

  function toggle(): void {
    if (deck.clock.paused) {
      used("play");
      void start();
    } else deck.pause();
  }

  function hear(next: Side): void {
    side = next;
    deck.hear(side);
    player.dataset["hears"] = side;
    for (const button of sides) button.setAttribute("aria-pressed", String(button.dataset["side"] === side));
    state.textContent = side === "mix" ? "Now hearing the mix" : "Now hearing the master";
  }

  function switchTo(next: Side): void {
    if (next !== side) used("switch-sides");
    hear(next);
  }

  function step(seconds: number, repeats: boolean): void {
    if (!repeats) used("seek");
    seekTo(deck.clock.currentTime + seconds);
  }

  function seekTo(seconds: number): void {
    deck.seek(Math.min(Math.max(seconds, 0), duration));
    showTime();
  }

  function showPlaying(): void {
    const playing = !deck.clock.paused;
    play.setAttribute("aria-pressed", String(playing));
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
    if (playing) requestAnimationFrame(follow);
  }

  function follow(): void {
    showTime();
    if (!deck.clock.paused) requestAnimationFrame(follow);
  }

  function showTime(): void {
    const now = deck.clock.currentTime;
    head.style.transform = `translateX(${(100 * Math.min(now / duration, 1)).toFixed(3)}%)`;
    seek.value = String(now);
    const words = clock(now);
    if (time.textContent !== words) {
      time.textContent = words;
      seek.setAttribute("aria-valuetext", `${words} of ${clock(duration)}`);
    }
  }

  play.addEventListener("click", toggle);
  seek.addEventListener("input", () => seekTo(Number(seek.value)));
  seek.addEventListener("change", () => used("seek"));
  for (const button of sides) {
    button.addEventListener("click", () => switchTo(button.dataset["side"] === "mix" ? "mix" : "master"));
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    // Keys belong to the player while it, or nothing at all, has the focus.
    if (target instanceof Element && target !== document.body && !player.contains(target)) return;
    const presses = target instanceof HTMLButtonElement && event.key === " ";
    const act: Partial<Record<string, () => void>> = {
      " ": toggle,
      a: () => switchTo("mix"),
      b: () => switchTo("master"),
      x: () => switchTo(side === "mix" ? "master" : "mix"),
      arrowleft: () => step(-SEEK_S, event.repeat),
      arrowright: () => step(SEEK_S, event.repeat),
    };
    const action = act[event.key.toLowerCase()];
    if (!action || presses) return;
    event.preventDefault();
    action();
  });

  hear(side);
}
