"""`replay`: recorded bodies of Helius's, posted again."""
