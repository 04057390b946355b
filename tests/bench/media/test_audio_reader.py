import numpy as np
import pytest

from bench.audio import Audio, is_silent
from bench.errors import MediaError
from bench.media.audio_reader import read_audio
from tests.bench.footage import Sound, lag, pictures, speech, write, write_sound
from tests.material import GOLDEN, SHARED, needs

SPEECH = speech(2)


def clip(folder, *sounds: Sound, name: str = "clip.mp4", frames: int = 50, **how):
    return write(folder / name, pictures(frames), sounds=sounds, **how)


@pytest.mark.parametrize(
    ("name", "codec", "video", "how"),
    [
        ("clip.mp4", "aac", "libx264", "lossy"),
        ("clip.mov", "pcm_s16le", "libx264", "exact"),
        ("clip.mkv", "flac", "ffv1", "exact"),
        ("clip.mkv", "aac", "libx264", "lossy"),
        ("clip.mp4", "libmp3lame", "libx264", "lossy"),
        ("clip.ts", "aac", "libx264", "lossy"),
    ],
)
def test_sound_is_in_step_whatever_the_codec_puts_before_it(tmp_path, name, codec, video, how):
    audio = read_audio(clip(tmp_path, Sound(SPEECH, codec=codec), name=name, codec=video))
    assert audio.rate == 16000
    assert lag(audio.samples, SPEECH) == 0
    if how == "exact":
        np.testing.assert_array_equal(audio.samples, SPEECH)


def test_opus_pre_skip_is_no_offset(tmp_path):
    wide = speech(2, 48000)
    path = clip(tmp_path, Sound(wide, 48000, "libopus"), name="clip.webm", codec="libvpx-vp9")
    assert lag(read_audio(path, rate=48000).samples, wide) == 0


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_silence_stands_before_a_late_track(tmp_path, name):
    audio = read_audio(clip(tmp_path, Sound(SPEECH, start=0.5), name=name))
    assert lag(audio.samples, SPEECH) == pytest.approx(8000, abs=16)
    # What sounds before the track is its codec's echo ahead of the first sample, no speech.
    assert np.abs(audio.samples[:6000]).max() == 0


def test_time_0_is_the_first_shown_frame_not_the_containers(tmp_path):
    path = clip(tmp_path, Sound(SPEECH), stamps=list(range(5, 55)))
    assert lag(read_audio(path).samples, SPEECH) == pytest.approx(-3200, abs=16)


def test_an_edit_list_moves_sound_and_picture_alike(tmp_path):
    # Five frames are hidden, so the sound that was 5 frames late in the making begins with the first shown frame.
    path = clip(tmp_path, Sound(SPEECH, start=0.2), stamps=list(range(-5, 45)), options={"bf": "0"})
    assert lag(read_audio(path).samples, SPEECH) == pytest.approx(3200, abs=16)


def test_a_track_that_ends_early_ends_early(tmp_path):
    assert len(read_audio(clip(tmp_path, Sound(SPEECH[:16000], codec="flac"), name="clip.mkv")).samples) == 16000


@pytest.mark.parametrize(("start", "end"), [(0.5, 1.25), (None, 1.0), (1.0, None)])
def test_a_span_is_that_part_of_the_whole(tmp_path, start, end):
    path = clip(tmp_path, Sound(SPEECH, codec="flac"), name="clip.mkv")
    part = read_audio(path, start=start, end=end).samples
    np.testing.assert_array_equal(part, SPEECH[int((start or 0) * 16000) : int((end or 2) * 16000)])


def test_a_far_span_is_that_part_of_the_whole(tmp_path):
    path = clip(tmp_path, Sound(speech(20), codec="aac"), frames=500, options={"preset": "ultrafast"})
    whole, part = read_audio(path), read_audio(path, start=15.5, end=17.0)
    np.testing.assert_array_equal(part.samples, whole.samples[248000:272000])


@pytest.mark.parametrize("rate", [16000, 44100, 22050])
def test_a_tone_keeps_its_pitch_level_and_place_at_any_rate(tmp_path, rate):
    clock = np.arange(96000) / 48000
    tone = np.rint(10000 * np.sin(2 * np.pi * 440 * clock)).astype(np.int16)
    path = clip(tmp_path, Sound(tone, 48000, "flac"), name="clip.mkv")
    audio = read_audio(path, rate=rate)
    assert audio.rate == rate
    assert len(audio.samples) == 2 * rate
    ours = audio.samples[rate // 4 : -rate // 4].astype(float)
    exact = 10000 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)[rate // 4 : -rate // 4]
    assert np.abs(ours - exact).max() < 3


def test_no_rate_keeps_the_tracks_own(tmp_path):
    assert read_audio(clip(tmp_path, Sound(speech(1, 44100), 44100)), rate=None).rate == 44100


@pytest.mark.parametrize("codec", ["flac", "aac"])  # integer and float decoders
def test_stereo_is_mixed_to_its_mean(tmp_path, codec):
    left, right = speech(2, seed=1), speech(2, seed=2)
    audio = read_audio(clip(tmp_path, Sound(np.stack([left, right]), codec=codec), name="clip.mkv"))
    mean = (left.astype(float) + right) / 2
    heard = audio.samples[: len(mean)].astype(float)
    assert (heard * mean).sum() / (mean * mean).sum() == pytest.approx(1, abs=0.02)
    if codec == "flac":
        assert np.abs(heard - mean).max() <= 1


@pytest.mark.parametrize(
    ("place", "part"), [(0, 1), (1, 1), (2, 2**0.5), (3, 0), (4, 0.5**0.5), (5, 0.5**0.5)]
)  # front left and right, centre, LFE, back left and right
def test_surround_is_mixed_as_the_protocol_says(tmp_path, place, part):
    samples = np.zeros((6, len(SPEECH)), np.int16)
    samples[place] = SPEECH
    heard = read_audio(clip(tmp_path, Sound(samples, codec="flac"), name="clip.mkv")).samples[: len(SPEECH)]
    assert np.abs(heard - SPEECH * part / (2 + 2 * 2**0.5)).max() <= 1


def test_the_default_track_is_read(tmp_path):
    tracks = [Sound(SPEECH * 0, codec="flac", default=False), Sound(SPEECH, codec="flac")]
    np.testing.assert_array_equal(read_audio(clip(tmp_path, *tracks, name="clip.mkv")).samples, SPEECH)


def test_no_track_is_none_and_a_file_of_sound_alone_is_read(tmp_path):
    assert read_audio(clip(tmp_path)) is None
    path = write_sound(tmp_path / "speech.wav", Sound(SPEECH, codec="pcm_s16le"))
    np.testing.assert_array_equal(read_audio(path).samples, SPEECH)


def test_the_same_file_gives_the_same_samples(tmp_path):
    path = clip(tmp_path, Sound(speech(2, 44100), 44100))
    np.testing.assert_array_equal(read_audio(path).samples, read_audio(path).samples)


def test_an_unreadable_file_is_an_error(tmp_path):
    path = tmp_path / "empty.mp4"
    path.touch()
    with pytest.raises(MediaError, match=r"empty\.mp4 is empty"):
        read_audio(path)


def test_silence():
    assert is_silent(Audio(np.zeros(0, np.int16), 16000))
    assert is_silent(Audio(np.array([0, 3, -3], np.int16), 16000))
    assert not is_silent(Audio(np.array([0, 0, -4], np.int16), 16000))
    assert not is_silent(Audio(np.array([-32768], np.int16), 16000))


def test_a_hole_in_the_track_is_silent(tmp_path):
    path = clip(tmp_path, Sound(SPEECH, codec="pcm_s16le", pause=1.0), name="clip.mkv", frames=75)
    silence = np.zeros(16000, np.int16)
    expected = np.concatenate([SPEECH[:16000], silence, SPEECH[16000:]])
    np.testing.assert_array_equal(read_audio(path).samples, expected)


def test_two_recordings_behind_each_other_go_on(tmp_path):
    one = clip(tmp_path, Sound(SPEECH, codec="mp2"), name="one.ts", options={"bf": "0"})
    path = tmp_path / "both.ts"
    path.write_bytes(one.read_bytes() * 2)
    samples = read_audio(path).samples
    assert len(samples) == pytest.approx(2 * len(SPEECH), abs=2400)
    assert lag(samples[len(SPEECH) - 4000 :], SPEECH) == pytest.approx(4000, abs=2400)


def test_a_track_may_change_its_channels(tmp_path):
    parts = [
        clip(tmp_path, Sound(sound, codec="mp2"), name=f"{number}.ts")
        for number, sound in enumerate((SPEECH, np.stack([SPEECH, SPEECH])))
    ]
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    samples = read_audio(path).samples.astype(float)
    halves = np.abs(samples[: len(SPEECH)]).mean(), np.abs(samples[len(SPEECH) :]).mean()
    assert halves[0] == pytest.approx(halves[1], rel=0.1)


WAV = GOLDEN / "metrics" / "lse" / "wda_a.wav"
CLIP = SHARED / "clips" / "raw" / "alexandria_ocasio_cortez.mp4"


@pytest.mark.shared
@needs(WAV)
@needs(CLIP)
def test_ffmpegs_own_decoding_differs_by_one_step_at_most():
    """A stereo AAC track that the ffmpeg command wrote as 16 kHz mono int16."""
    from scipy.io import wavfile

    rate, theirs = wavfile.read(WAV)
    ours = read_audio(CLIP, rate=rate).samples[: len(theirs)]
    apart = np.abs(ours.astype(int) - theirs)
    assert apart.max() <= 1
    assert (apart > 0).mean() < 1e-3


@pytest.mark.parametrize("codec", ["pcm_s16le", "aac"])
def test_channels_that_cancel_each_other_out_are_told(tmp_path, codec):
    said = speech(2)
    for name, channels, cancelled in (
        ("antiphase", [said, -said], True),
        ("stereo", [said, said // 2], False),
        ("quiet", [said // 200, said // 200], False),
        ("one", [said // 50, np.zeros_like(said)], False),
    ):
        path = write_sound(tmp_path / f"{name}.mkv", Sound(np.stack(channels), codec=codec))
        assert read_audio(path).cancelled is cancelled, name
    assert read_audio(write_sound(tmp_path / "mono.mkv", Sound(said // 200, codec=codec))).cancelled is False
    silent = read_audio(write_sound(tmp_path / "silent.mkv", Sound(np.zeros((2, 32000), np.int16), codec=codec)))
    assert is_silent(silent)
    assert not silent.cancelled


@pytest.mark.parametrize(("start", "seconds"), [(1.0, 3), (2 * 3600.0, 2), (26.5 * 3600, 2)])
def test_silence_is_made_up_for_an_hour_and_not_for_what_any_stamp_says(tmp_path, start, seconds):
    path = clip(tmp_path, Sound(SPEECH, codec="pcm_s16le", start=start), name="clip.mkv", codec="ffv1", frames=2)
    audio = read_audio(path)
    assert len(audio.samples) == pytest.approx(seconds * 16000, abs=16)
    assert lag(audio.samples[-32000:], SPEECH) == 0
