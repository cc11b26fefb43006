"""Runs side by side: what stands below an output folder, ranked, shown, tagged, and made again."""
