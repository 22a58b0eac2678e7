"""docs/performance.md and its pictures, made of what is in bench/results/."""
