"""The problems of uploads, one named constructor each.

    Problem, all of them 400
    ├── the source       already_uploaded · already_downloaded · already_copied
    ├── Content-Range    malformed · already_initiated · started_with_part · started_with_bytes
    ├── by bytes         total_bytes_zero · total_bytes_too_high · to_byte_too_high_allowed
    │                    from_byte_too_high · to_byte_too_high_total · different_total_bytes
    │                    total_bytes_too_low · range_mismatch · range_overlap
    │                    range_too_large · range_too_small
    └── by part          part_zero · total_parts_zero · part_too_high_allowed
                         total_parts_too_high · part_too_high_total · different_total_parts
                         total_parts_too_low · part_already_sent · part_too_small

The texts are those of api.video's pages on upload errors; a `detail` that they leave out names the
wrong value.
"""

from __future__ import annotations

from functools import partial

from fake_server.core.problems import Problem

_HEADER = 'in the "Content-Range" header'
_DIFFERENT = "must be the same than the one you already set for this video."


def _range(slug: str, title: str, detail: str | None = None) -> Problem:
    return Problem(400, f"video-content-range-{slug}", title, detail=detail)


def _value(slug: str, value: str, wrong: str, detail: str | None = None) -> Problem:
    return _range(slug, f'The "{value}" value {_HEADER} {wrong}', detail)


already_uploaded = partial(
    Problem,
    400,
    "video-source-already-uploaded",
    "This video source has already been uploaded.",
    "file",
)
already_downloaded = partial(
    Problem,
    400,
    "video-source-already-downloaded",
    "This video source has already been downloaded when the video was created.",
)
already_copied = partial(
    Problem,
    400,
    "video-source-already-copied",
    "This video source has already been copied from an existing video when the video was created.",
)

malformed = partial(
    _range,
    "malformed",
    'The value of the "Content-Range" header is malformed, the expected format is '
    '"bytes <from_byte>-<to_byte>/<total_bytes>" or "part <part>/<total_parts>".',
)
already_initiated = partial(
    _range,
    "already-initiated",
    'This video source has already been initiated with a "Content-Range" upload.',
)
started_with_part = partial(
    _range,
    "started-with-part",
    'This "Content-Range" upload has been started with "part", you cannot continue it with '
    '"bytes".',
)
started_with_bytes = partial(
    _range,
    "started-with-bytes",
    'This "Content-Range" upload has been started with "bytes", you cannot continue it with '
    '"part".',
)

total_bytes_zero = partial(
    _value, "by-bytes-total-bytes-zero", "total_bytes", "must be greater than 0."
)
total_bytes_too_high = partial(
    _value,
    "by-bytes-total-bytes-too-high",
    "total_bytes",
    "is higher than the maximum allowed limit.",
)
to_byte_too_high_allowed = partial(
    _value,
    "by-bytes-to-byte-too-high-allowed",
    "to_byte",
    "is higher than the maximum upper bound allowed for a video.",
)
from_byte_too_high = partial(
    _value, "by-bytes-from-byte-too-high", "from_byte", 'is higher than the "to_byte" value.'
)
range_too_large = partial(_range, "by-bytes-range-too-large", f"The range {_HEADER} is too large.")
range_too_small = partial(_range, "by-bytes-range-too-small", f"The range {_HEADER} is too small.")


def to_byte_too_high_total(total: int) -> Problem:
    """Return the problem: the range ends beyond the total."""
    wrong = 'is higher than the "total_bytes" value you set for this video.'
    detail = f'The "total_bytes" you set for this video is {total}.'
    return _value("by-bytes-to-byte-too-high-total", "to_byte", wrong, detail)


def different_total_bytes(total: int) -> Problem:
    """Return the problem: the total differs from an earlier one."""
    detail = f'The "total_bytes" you already set for this video is {total}.'
    return _value("by-bytes-different-total-bytes", "total_bytes", _DIFFERENT, detail)


def total_bytes_too_low(first: int, last: int) -> Problem:
    """Return the problem: an earlier range, with an unknown total, exceeds this total."""
    wrong = "is lower than or equal to the upper bound of a range you already sent for this video."
    detail = f"You already sent the range {first}-{last}."
    return _value("by-bytes-total-bytes-too-low", "total_bytes", wrong, detail)


def range_mismatch(size: int, length: int) -> Problem:
    """Return the problem: the file and the range differ in size."""
    title = f"The size of the file you sent is different than the range length you set {_HEADER}."
    detail = f"The size of the file you sent is {size} bytes but the range length you set is"
    return _range("by-bytes-range-mismatch", title, f"{detail} {length}.")


def range_overlap(first: int, last: int) -> Problem:
    """Return the problem: some of the bytes were sent before."""
    title = f"The range {_HEADER} overlaps with a previous one you already sent for this video."
    return _range("by-bytes-range-overlap", title, f"You already sent the range {first}-{last}.")


part_zero = partial(_value, "by-part-part-zero", "part", "must be greater than 0.")
total_parts_zero = partial(
    _value, "by-part-total-parts-zero", "total_parts", "must be greater than 0."
)
part_too_small = partial(
    _range, "by-part-uploaded-file-too-small", "The uploaded file is too small."
)


def part_too_high_allowed(most: int) -> Problem:
    """Return the problem: the part exceeds the limit of a video."""
    wrong = "is higher than the maximum number of parts allowed for a video."
    detail = f"The maximum number of parts allowed for a video is {most}."
    return _value("by-part-part-too-high-allowed", "part", wrong, detail)


def total_parts_too_high(most: int) -> Problem:
    """Return the problem: the total exceeds the limit of a video."""
    wrong = "is higher than the maximum number of parts allowed for a video."
    detail = f"The maximum number of parts allowed for a video is {most}."
    return _value("by-part-total-parts-too-high", "total_parts", wrong, detail)


def part_too_high_total(total: int) -> Problem:
    """Return the problem: the part is beyond the total."""
    wrong = 'is higher than the "total_parts" value you set for this video.'
    detail = f'The "total_parts" you set for this video is {total}.'
    return _value("by-part-part-too-high-total", "part", wrong, detail)


def different_total_parts(total: int) -> Problem:
    """Return the problem: the total differs from an earlier one."""
    detail = f'The "total_parts" you already set for this video is {total}.'
    return _value("by-part-different-total-parts", "total_parts", _DIFFERENT, detail)


def total_parts_too_low(part: int) -> Problem:
    """Return the problem: an earlier part, with an unknown total, exceeds this total."""
    wrong = "is lower than or equal to a part number you already sent for this video."
    return _value(
        "by-part-total-parts-too-low", "total_parts", wrong, f"You already sent the part {part}."
    )


def part_already_sent(part: int) -> Problem:
    """Return the problem: the part was sent before."""
    wrong = "collides with a previous one you already sent for this video."
    detail = f"The part number {part} has already been sent."
    return _value("by-part-part-already-sent", "part", wrong, detail)
