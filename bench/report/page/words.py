"""The words of the page, in English and Chinese."""

from __future__ import annotations

from bench.report.tables.words import Language

_ENGLISH = {
    "summary": "Summary", "clips": "Clips", "outcomes": "Outcomes", "plots": "Plots", "about": "Protocol",
    "theme": "Light or dark", "help": "Keys", "close": "Close", "filter": "Filter clips…", "all_outcomes": "All clips",
    "with_missing": "With missing values", "with_failed": "Failed", "with_warnings": "With warnings",
    "by_series": "All metrics of", "by_metric": "One metric:", "of": "of", "clip": "Clip", "person": "Person",
    "frame": "Frame", "play": "Play or pause", "back": "One frame back", "forward": "One frame on", "speed": "Speed",
    "loop": "Loop", "reference": "Reference", "sound": "Sound", "no_video": "No video was kept",
    "not_playable": "This browser cannot play this video", "no_frames": "There are no per-frame values for this clip.",
    "previous": "Previous clip", "next": "Next clip", "all_clips": "All clips", "values": "Values",
    "curves": "Frame by frame",
    "curve_hint": "Click into a curve to seek; dots mark the worst frames.",
    "none_missing": "Everything has a value.", "metric": "Metric", "setting": "Setting", "outcome": "Outcome",
    "reason": "Reason", "failed": "failed", "skipped": "skipped",
    "command": "Command", "environment": "Environment", "protocol": "Protocol", "metrics": "Metrics",
    "definition": "Definition", "source": "Source", "model": "Model", "created": "Made", "took": "Took",
    "coverage": "Coverage", "fps": "fps", "frames": "frames", "warnings": "Warnings",
    "none_found": "No clip matches.",
    "unrotated": "against the unrotated reference", "key_filter": "filter the clips",
    "key_rows": "move through the clips",
    "key_open": "open the clip", "key_back": "back to all clips", "key_play": "play, pause", "key_step": "one frame",
    "key_jump": "ten frames", "key_ends": "first, last frame", "key_clip": "previous, next clip",
    "key_worst": "next worst frame", "key_sound": "next sound", "key_theme": "light, dark", "key_help": "these keys",
    "skip": "Skip to the content",
}  # fmt: skip

_CHINESE = {
    "summary": "总览", "clips": "视频", "outcomes": "结果", "plots": "图", "about": "协议",
    "theme": "浅色或深色", "help": "按键", "close": "关闭", "filter": "筛选视频…", "all_outcomes": "全部视频",
    "with_missing": "有缺失值", "with_failed": "失败", "with_warnings": "有警告",
    "by_series": "全部指标：", "by_metric": "单个指标：", "of": "/", "clip": "视频", "person": "人",
    "frame": "帧", "play": "播放或暂停", "back": "后退一帧", "forward": "前进一帧", "speed": "速度",
    "loop": "循环", "reference": "参考", "sound": "声音", "no_video": "没有保存视频",
    "not_playable": "此浏览器不能播放该视频", "no_frames": "该视频没有逐帧数值。",
    "previous": "上一个视频", "next": "下一个视频", "all_clips": "全部视频", "values": "数值", "curves": "逐帧",
    "curve_hint": "点击曲线可跳转；圆点标出最差的帧。",
    "none_missing": "所有结果都有数值。", "metric": "指标", "setting": "设置", "outcome": "结果",
    "reason": "原因", "failed": "失败", "skipped": "跳过",
    "command": "命令", "environment": "环境", "protocol": "协议", "metrics": "指标",
    "definition": "定义", "source": "来源", "model": "模型", "created": "时间", "took": "用时",
    "coverage": "覆盖", "fps": "帧/秒", "frames": "帧", "warnings": "警告", "none_found": "没有符合的视频。",
    "unrotated": "与未旋转的参考比较", "key_filter": "筛选视频", "key_rows": "在视频间移动",
    "key_open": "打开视频", "key_back": "回到全部视频", "key_play": "播放、暂停", "key_step": "一帧",
    "key_jump": "十帧", "key_ends": "首帧、末帧", "key_clip": "上一个、下一个视频",
    "key_worst": "下一个最差的帧", "key_sound": "下一个声音", "key_theme": "浅色、深色", "key_help": "这些按键",
    "skip": "跳到内容",
}  # fmt: skip

_WORDS: dict[Language, dict[str, str]] = {"en": _ENGLISH, "zh": _CHINESE}


def page_words(language: Language) -> dict[str, str]:
    """Every word of the page by its key."""
    return _WORDS[language]
