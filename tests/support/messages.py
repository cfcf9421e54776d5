"""Messages for channels, and settings of channels that lead to a loopback port."""

from support.notices import HOSTILE, ONE
from truehelo.monitoring import Message
from truehelo.render.notice import message

OPENED: Message = message(ONE)
EVIL: Message = message(HOSTILE)
KEY = "17:opened:ops"
