"""Encodings of actions as training targets: context slicing, time shifts, spots."""

from spotkick.encoding.slicing import ContextSlicing, slicing_for
from spotkick.encoding.spots import DecodedSpots, border_mask, decode_spots, encode_spots
from spotkick.encoding.time_shift import action_frames, encode_shifts, time_shift_encoding

__all__ = [
    "ContextSlicing",
    "DecodedSpots",
    "action_frames",
    "border_mask",
    "decode_spots",
    "encode_shifts",
    "encode_spots",
    "slicing_for",
    "time_shift_encoding",
]
