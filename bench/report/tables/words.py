"""The words of tables and plots, in English and Chinese."""

from __future__ import annotations

from typing import Literal

from bench.rows import ORIGINAL, WITHOUT_MODEL, Row

Language = Literal["en", "zh"]

_ENGLISH = {
    "setting": "Setting",
    "model": "Model",
    "clip": "Clip",
    "metric": "Metric",
    "outcome": "Outcome",
    "reason": "Reason",
    "mean": "Mean",
    "n": "n",
    "ground-truth": "ground truth",
    "static": "static",
    "codec-floor": "codec floor",
    "original": "original",
    "free-view": "free view",
    "skipped": "skipped",
    "failed": "failed",
    "difference": "Difference",
    "p": "p (Holm)",
    "effect": "Effect d",
    "rising": "Rising",
    "compared": "Compared",
    "pooled": "{label} (pooled)",
    "per_clip": "{label} (per clip)",
    "over_frames": "{label} (over frames)",
    "closeness": "|{label} − GT|",
    "summary_caption": "{suite}: {clips} clips, {models}",
    "clips_caption": "{suite}, {model}, {setting}: every clip",
    "difference_caption": "{suite}: paired differences",
    "outcome_caption": "{suite}: outcomes without a value",
    "published_caption": "{dataset}: published figures, copied",
    "protocol_note": (
        "Suite {suite}, version {version}: {scored} of {listed} clips scored ({failed} failed), "
        "{width}×{height} ({kernel}), crop {crop}, region {region}, scored frames {frames}, carrier {carrier}; "
        "protocol {hash}."
    ),
    "protocol_of": "{label}: {note}",
    "interval_note": "± is half the width of the 95 % bootstrap interval of the mean over clips.",
    "clusters_note": "Clips of one person are resampled together ({people} people).",
    "few_note": "Only {clusters} independent clips or people: the intervals are rough.",
    "no_interval_note": "Too few independent clips or people for an interval.",
    "rank_note": "Best in bold, second best underlined, among the models of one setting.",
    "unranked_clips_note": "Means over different clips are not ranked against one another.",
    "mixed_note": "Protocols differ ({fields}); columns are ranked only among rows of one protocol.",
    "other_video": "clip '{clip}' is another video in {labels}",
    "other_videos_note": "Videos differ: {clips}; means over different videos are not ranked, nor such clips paired.",
    "unrotated_note": "Against the unrotated reference: how far the picture moved, not how good it is; not ranked.",
    "frames_note": "Mean over all frames alike, N = {n} frames.",
    "pooled_note": "Over all frames of the suite at once, N = {n} frames.",
    "per_clip_n_note": "Clip by clip, N = {n} frames a side.",
    "per_clip_note": "Per clip: so few frames that the value measures mostly their number; a diagnostic.",
    "closeness_note": "Mean absolute distance from the ground truth of the same clip.",
    "embedded_note": "A small embedded network: comparable with itself only, not ranked beside official columns.",
    "excluded_note": "n = {n}: {excluded}.",
    "excluded_skipped": "{count} skipped",
    "excluded_failed": "{count} failed",
    "infinite_note": "∞ ×k: k clips with an infinite value are kept out of the mean.",
    "infinite_frames_note": "{label}: frames of infinite value are kept out of means: {rows}.",
    "copied_note": "Copied from {source}, not measured here.",
    "difference_note": (
        "Second minus first over the clips that both have; p from a permutation test that flips whole people, "
        "corrected by Holm over the {count} tests of this table; effect: mean over standard deviation of the "
        "differences (Hedges); rising: share of clips whose value goes up."
    ),
    "smallest_p_note": "With {clusters} independent clips or people p cannot fall below {p}.",
    "incomplete_alarm": "{label}: this run is not complete ({done} of {selected} clips).",
    "unmoved_alarm": (
        "{label}, {setting}: the free view was very probably not applied: {metrics} agree with the setting 'original' "
        "to {percent} % on all {n} clips."
    ),
    "pose_alarm": "{label}, {setting}: the measured pose does not follow: {angles} (degrees, measured by {by}).",
    "unmoved_angle": "{axis} {measured} instead of {requested}",
    "unmoved_angle_of_some": "{axis} {measured} instead of {requested} on {n} of {all} clips",
    "between_angles": ", ",
    "by_mesh": "the face mesh",
    "by_model": "the model",
    "yaw": "yaw",
    "pitch": "pitch",
    "roll": "roll",
    "bars_note": "lines: the middle 90 % of a clip's frames; of the mean its 95 % interval",
    "hollow_note": "○ against the unrotated reference: how far the picture moved, not how good it is",
    "unrotated_plot_note": "{metrics} under free view: against the unrotated reference, not a matter of quality",
    "true_view_plot_note": "{metrics} under free view: against the true rotated view",
    "infinite_plot_note": "infinite values are not drawn: {found}",
    "mixed_plot_note": "protocols differ ({fields}): these runs are not comparable",
    "other_videos_plot_note": "not one video in all runs: {clips}",
    "worst_note": "dots: the worst frames",
    "error_scale": "0 (black) to {full} or more levels",
    "angle": "Requested {axis} (degrees)",
    "radar_note": "from the worst mean (centre) to the best (rim) of those drawn: a shape, no measurement",
    "frame": "Frame",
    "requested": "Requested angle (degrees)",
    "measured": "Measured angle (degrees)",
    "correlation": "Rank correlation over clips",
    "true_view": "against the true rotated view",
    "worst": "worst",
    "source": "source",
    "reference": "reference",
    "error": "error map",
    "comparison": "{second} − {first}",
}

_CHINESE = {
    "setting": "设置",
    "model": "模型",
    "clip": "视频",
    "metric": "指标",
    "outcome": "结果",
    "reason": "原因",
    "mean": "平均",
    "n": "n",
    "ground-truth": "真值",
    "static": "静止",
    "codec-floor": "编码下限",
    "original": "原视角",
    "free-view": "自由视角",
    "skipped": "跳过",
    "failed": "失败",
    "difference": "差值",
    "p": "p（Holm）",
    "effect": "效应量 d",
    "rising": "上升比例",
    "compared": "比较",
    "pooled": "{label}（全集）",
    "per_clip": "{label}（逐视频）",
    "over_frames": "{label}（逐帧）",
    "closeness": "|{label} − 真值|",
    "summary_caption": "{suite}：{clips} 个视频，{models}",
    "clips_caption": "{suite}，{model}，{setting}：逐视频结果",
    "difference_caption": "{suite}：配对差值",
    "outcome_caption": "{suite}：没有数值的结果",
    "published_caption": "{dataset}：已发表的数值（抄录）",
    "protocol_note": (
        "测试集 {suite} 第 {version} 版：{listed} 个视频中 {scored} 个有结果（{failed} 个失败），"
        "{width}×{height}（{kernel}），裁剪 {crop}，区域 {region}，评分帧 {frames}，载体 {carrier}；协议 {hash}。"
    ),
    "protocol_of": "{label}：{note}",
    "interval_note": "± 为视频均值的 95 % 自助法置信区间的半宽。",
    "clusters_note": "同一人的视频一起重采样（{people} 人）。",
    "few_note": "独立的视频或人只有 {clusters} 个：区间很粗略。",
    "no_interval_note": "独立的视频或人太少，没有区间。",
    "rank_note": "同一设置的模型中，最好者加粗，次好者加下划线。",
    "unranked_clips_note": "来自不同视频的均值之间不排名。",
    "mixed_note": "协议不同（{fields}）；只在同一协议的行之间排名。",
    "other_video": "视频“{clip}”在 {labels} 中是另一个视频",
    "other_videos_note": "视频不同：{clips}；来自不同视频的均值之间不排名，这些视频也不配对。",
    "unrotated_note": "与未旋转的参考比较：说明画面移动了多少，而不是好坏；不排名。",
    "frames_note": "对所有帧一视同仁的平均，N = {n} 帧。",
    "pooled_note": "对全集所有帧一起计算，N = {n} 帧。",
    "per_clip_n_note": "逐视频计算，每侧 N = {n} 帧。",
    "per_clip_note": "逐视频数值的平均；单个视频帧数太少，数值主要反映帧数：仅供诊断。",
    "closeness_note": "与同一视频真值之差的绝对值的平均。",
    "embedded_note": "内置小网络：只能与自身比较，不与官方列一起排名。",
    "excluded_note": "n = {n}：{excluded}。",
    "excluded_skipped": "跳过 {count} 个",
    "excluded_failed": "失败 {count} 个",
    "infinite_note": "∞ ×k：k 个视频的数值为无穷大，不计入均值。",
    "infinite_frames_note": "{label}：数值为无穷大的帧不计入均值：{rows}。",
    "copied_note": "抄录自 {source}，不是本次测量。",
    "difference_note": (
        "后者减前者，只用两者都有数值的视频；p 来自整人翻转符号的置换检验，并对本表的 {count} 个检验作 Holm 校正；"
        "效应量：差值的均值除以标准差（Hedges 校正）；上升比例：数值变大的视频的比例。"
    ),
    "smallest_p_note": "独立的视频或人只有 {clusters} 个时，p 不会小于 {p}。",
    "incomplete_alarm": "{label}：本次运行没有完成（{selected} 个视频中完成 {done} 个）。",
    "unmoved_alarm": (
        "{label}，{setting}：自由视角很可能没有生效：全部 {n} 个视频上，{metrics} 与原视角相差不到 {percent} %。"
    ),
    "pose_alarm": "{label}，{setting}：测得的姿态没有随之变化：{angles}（单位：度，由{by}测得）。",
    "unmoved_angle": "{axis}要求 {requested}，测得 {measured}",
    "unmoved_angle_of_some": "{axis}要求 {requested}，测得 {measured}（{all} 个视频中的 {n} 个）",
    "between_angles": "；",
    "by_mesh": "人脸网格",
    "by_model": "模型自身",
    "yaw": "偏航角",
    "pitch": "俯仰角",
    "roll": "翻滚角",
    "bars_note": "竖线：视频中间 90 % 的帧；平均值的竖线：95 % 区间",
    "hollow_note": "○ 与未旋转的参考比较：说明画面移动了多少，而不是好坏",
    "unrotated_plot_note": "自由视角下的 {metrics}：与未旋转的参考比较，不说明好坏",
    "true_view_plot_note": "自由视角下的 {metrics}：与真实旋转视角比较",
    "infinite_plot_note": "无穷大的数值不画出：{found}",
    "mixed_plot_note": "协议不同（{fields}）：这些运行之间不可比较",
    "other_videos_plot_note": "在各次运行中不是同一个视频：{clips}",
    "worst_note": "圆点：最差的帧",
    "error_scale": "0（黑）到 {full} 级或以上",
    "angle": "要求的 {axis}（度）",
    "radar_note": "从所画均值中最差的（中心）到最好的（边缘）：只是形状，不是测量",
    "frame": "帧",
    "requested": "要求的角度（度）",
    "measured": "测得的角度（度）",
    "correlation": "视频间的秩相关",
    "true_view": "与真实旋转视角比较",
    "worst": "最差",
    "source": "源图",
    "reference": "参考",
    "error": "误差图",
    "comparison": "{second} − {first}",
}

_WORDS: dict[str, dict[str, str]] = {"en": _ENGLISH, "zh": _CHINESE}


def code_points(text: str) -> str:
    """What stands for characters that a font lacks: `U+89C6.U+9891`."""
    return ".".join(f"U+{ord(character):04X}" for character in text)


class Words:
    """The words of one language: `words("n")`, `words("few_note", clusters=3)`."""

    __slots__ = ("language",)

    def __init__(self, language: Language = "en") -> None:
        self.language: Language = language

    def __call__(self, key: str, **values: object) -> str:
        """The text of `key` with its places filled; a missing key or place is a fault."""
        return _WORDS[self.language][key].format(**values)

    def measurer(self, name: str) -> str:
        """Who measured a pose, as people read it: `mesh`, `model`, or a name of somebody's own."""
        return _WORDS[self.language].get(f"by_{name}", name)

    def row(self, row: Row) -> str:
        """A row as people read it: its name is translated, angles stay."""
        known = _WORDS[self.language]
        if row in (*WITHOUT_MODEL, ORIGINAL):
            return known[row.name]
        return f"{known['free-view']} {row.angles}" if row.is_free_view else row.name
