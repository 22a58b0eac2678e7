"""How Helius posts to a webhook (facts: its webhooks FAQ): what the stand-in does, and who posts in its place."""

from typing import Final

ANSWER_SECONDS: Final = 1.0
RETRIES: Final = 3
PAUSE_SECONDS: Final = 1.0
ACCEPTED: Final = 200
# Who may not post will not be allowed to a second later either.
FINAL_STATUS: Final = 403
