"""Programs whose part in a transaction decides what its movements mean.

The ids are those that the projects publish, as block explorers show them.
"""

from typing import Final

SYSTEM: Final = "11111111111111111111111111111111"
TOKEN: Final = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"  # noqa: S105  a program, no password
TOKEN_2022: Final = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"  # noqa: S105  likewise

# What they move was lent, borrowed, pledged or given back. A loan has the legs of a swap.
LENDING: Final = frozenset(
    {
        "jupr81YtYssSyPt8jbnGuiWon5f6x9TcDEFxYe3Bdzi",  # Jupiter Lend, borrow
        "jup3YeL8QhtSx1e253b2FDvsMNC87fDrgQZivbrndc9",  # Jupiter Lend, earn
        "jupeiUmn818Jg1ekPURTpr4mFo29p46vygyykFJ3wZC",  # Jupiter Lend, liquidity
        "KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD",  # Kamino
        "MFv2hWf31Z9kbCa1snEPYctwafyhdvnV7FZnsebVacA",  # marginfi
        "So1endDq2YkqhipRh3WViPa8hdiSpxWy6z3Z6tMCpAo",  # Save (Solend)
        "dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH",  # Drift
    }
)

# They keep what a customer wants to sell until somebody fills the order.
ORDERS: Final = frozenset(
    {
        "DCA265Vj8a9CEuX1eb1LWRnDT7uK6q1xMipnNyatn23M",  # Jupiter DCA
        "jupoNjAxXgZ4rjzxzPMP4oxduvQsQtZzyknqvzYNrNu",  # Jupiter limit orders
        "j1o2qRpjcyUwEvwtcfhEQefh773ZgjxcVRry7LDqg5X",  # Jupiter limit orders, second version
    }
)

# They move things from one account to another. Without any other program nobody swapped.
PLAIN: Final = frozenset(
    {
        SYSTEM,
        TOKEN,
        TOKEN_2022,
        "ComputeBudget111111111111111111111111111111",
        "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL",
        "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr",
        "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo",
        "Stake11111111111111111111111111111111111111",
        "Vote111111111111111111111111111111111111111",
    }
)
