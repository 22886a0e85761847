/** Two short soft tones, made here so that no file is needed. Silent where the browser allows no sound yet. */
export function playCriticalSound(): void {
  if (typeof AudioContext === 'undefined' || !navigator.userActivation?.hasBeenActive) return;
  const audio = new AudioContext();
  for (const [index, hertz] of [740, 932].entries()) {
    const startsAt = audio.currentTime + index * 0.19;
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0, startsAt);
    volume.gain.linearRampToValueAtTime(0.16, startsAt + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, startsAt + 0.17);
    tone.connect(volume).connect(audio.destination);
    tone.start(startsAt);
    tone.stop(startsAt + 0.18);
  }
  setTimeout(() => void audio.close(), 1_000);
}
