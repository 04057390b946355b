"""Rows of a table: settings, and what stands beside them without a model."""

from __future__ import annotations

from dataclasses import dataclass

from bench.settings import Setting


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: the one of a setting, or `ground-truth`, `static` or `codec-floor`, which are no settings.

    `name` is what stands in the column `setting` of files. Rows are made where text comes in, on the command line and
    from files, and travel as such: nothing else reads a name.
    """

    name: str
    setting: Setting | None = None

    @classmethod
    def of(cls, setting: Setting) -> Row:
        """The row of a setting."""
        return cls(str(setting), setting)

    @classmethod
    def parse(cls, name: str) -> Row:
        """The row that a file calls `name`; what is no setting (a published `lip-sync`) is known by its name alone.

        Raises:
            BenchError: it is a free view, but its angles are not understood.
        """
        is_setting = name == ORIGINAL.name or name.startswith(_FREE_VIEW)
        return cls(name, Setting.parse(name) if is_setting else None)

    @property
    def is_model(self) -> bool:
        """Whether a model has a part in it."""
        return self not in WITHOUT_MODEL

    @property
    def is_free_view(self) -> bool:
        """Whether the head is turned away from where the driving video has it."""
        return self.setting is not None and not self.setting.is_original

    @property
    def angles(self) -> str:
        """A free view's angles as its name has them; empty for other rows."""
        return self.name.removeprefix(_FREE_VIEW) if self.is_free_view else ""

    @property
    def folder(self) -> str:
        """The row as a folder name that every file system takes."""
        return self.name.replace(":", "_")

    def __str__(self) -> str:
        return self.name


_FREE_VIEW = "free-view:"
ORIGINAL = Row.of(Setting())
GROUND_TRUTH = Row("ground-truth")
STATIC = Row("static")
CODEC_FLOOR = Row("codec-floor")
WITHOUT_MODEL = (GROUND_TRUTH, STATIC, CODEC_FLOOR)
"""Rows that no model has a part in, in the order of the tables."""
